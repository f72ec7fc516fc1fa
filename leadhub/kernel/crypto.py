"""Seal bytes under keys of their own, and digest identifiers so that nobody can guess them.

Envelope encryption: every event has a random 256-bit data key; the key ring wraps it. Destroying the wrapped
key destroys the content (crypto-shredding) and leaves digests and times in place.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from leadhub.kernel.errors import Permanent

NONCE = 12  # bytes; NIST SP 800-38D, the size AES-GCM is made for


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """What the database keeps of a secret: which ring key wrapped the data key, the wrapped key, the ciphertext."""

    key_id: str
    wrapped: bytes
    ciphertext: bytes
    mac: bytes


class KeyRing:
    """Several wrapping keys by id; the first one seals, all of them open, so keys can be rotated."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current = next(iter(keys))

    def seal(self, content: bytes, *, bound_to: bytes) -> Sealed:
        """Encrypt under a fresh data key. `bound_to` names the row, so a ciphertext moved elsewhere fails to open."""
        data_key = os.urandom(32)
        return Sealed(
            key_id=self.current,
            wrapped=_encrypt(self._ciphers[self.current], data_key, bound_to),
            ciphertext=_encrypt(AESGCM(data_key), content, bound_to),
            mac=hmac.digest(data_key, content, "sha256"),
        )

    def open(self, sealed: Sealed, *, bound_to: bytes) -> bytes:
        """Decrypt. Raises Permanent when the ring lacks the key, the key was destroyed or the bytes were changed."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise Permanent(f"the key ring has no key {sealed.key_id!r}: add it back to LEADHUB_KEYS")
        if not sealed.wrapped:
            raise Permanent("the content was erased: its data key is destroyed")
        try:
            data_key = _decrypt(cipher, sealed.wrapped, bound_to)
            return _decrypt(AESGCM(data_key), sealed.ciphertext, bound_to)
        except InvalidTag as tampered:
            raise Permanent("the sealed content does not match its key: it was changed or moved") from tampered


def _encrypt(cipher: AESGCM, content: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, content, bound_to)


def _decrypt(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)


@cache
def ring() -> KeyRing:
    """Give the key ring the settings describe."""
    return KeyRing(settings.LEADHUB_KEYS)


def digest(kind: str, value: str | bytes) -> bytes:
    """Make the keyed digest (HMAC-SHA256, 32 bytes) of an identifier; `kind` keeps phone and e-mail apart."""
    raw = value.encode() if isinstance(value, str) else value
    return hmac.digest(settings.LEADHUB_PEPPER, kind.encode() + b"\0" + raw, "sha256")


def fingerprint(content: bytes) -> bytes:
    """Give the plain SHA-256 of content that is not personal."""
    return hashlib.sha256(content).digest()
