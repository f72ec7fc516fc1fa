"""Twilio's signature: HMAC-SHA1 over the address it called and the sorted form fields (pure).

Facts followed: addresses are tried without and with the port, because Twilio signs either; a repeated name counts
with its distinct values; a JSON body is covered by `bodySHA256` in the signed address.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from capture.channels.base import FORM, JSON, Refused
from capture.channels.form_fields import Pairs, pairs
from capture.contracts import Delivery, Door

HEADER = "x-twilio-signature"
PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80}


def verify(delivery: Delivery, door: Door) -> str:
    """Check the signature, and the body's digest where there is one. Raises Refused."""
    given = delivery.headers.get(HEADER, "").encode("utf-8", "replace")
    if not given:
        raise Refused("signature_missing", "The request carries no X-Twilio-Signature.")
    fields = _signed_fields(delivery)
    for secret in filter(None, door.secrets):
        for url in addresses(delivery.url):
            if hmac.compare_digest(sign(secret, url, fields), given):
                return "signed"
    raise Refused("signature_wrong", "The signature does not fit this address, this body and this source's auth token.")


def sign(secret: str, url: str, fields: bytes) -> bytes:
    """Make the signature of one address and the joined fields."""
    return b64encode(hmac.digest(secret.encode(), url.encode() + fields, "sha1"))


def joined(found: Pairs) -> bytes:
    """Join the distinct pairs as Twilio does: sorted by name, then value."""
    return b"".join(name + value for name, value in sorted(set(found)))


def _signed_fields(delivery: Delivery) -> bytes:
    if delivery.content_type == FORM:
        return joined(pairs(delivery.body))
    if delivery.content_type == JSON:
        _check_body_digest(delivery)
    return b""


def _check_body_digest(delivery: Delivery) -> None:
    named = parse_qs(delivery.query, max_num_fields=100).get("bodySHA256", [""])[0]
    found = hashlib.sha256(delivery.body).hexdigest()
    if not hmac.compare_digest(named.lower().encode(), found.encode()):
        raise Refused("body_digest_wrong", "The address carries no bodySHA256 that fits this JSON body.")


def addresses(url: str) -> Iterator[str]:
    """Give the address as called, then without and with its port (safe for user:password@ and IPv6)."""
    yield url
    parts = urlsplit(url)
    port = parts.port
    bare = parts.netloc.removesuffix(f":{port}") if port else parts.netloc
    other = bare if port else f"{bare}:{PORTS.get(parts.scheme, 443)}"
    yield parts._replace(netloc=other).geturl()
