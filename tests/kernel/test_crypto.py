"""Sealing, opening, forgetting."""

import pytest

from leadhub.kernel import crypto
from leadhub.kernel.crypto import KeyRing
from leadhub.kernel.errors import Permanent

OLD, NEW = b"o" * 32, b"n" * 32


def test_sealed_content_opens_with_its_row_only() -> None:
    ring = KeyRing({"a": OLD})
    sealed = ring.seal(b"hello", bound_to=b"row-1")
    assert ring.open(sealed, bound_to=b"row-1") == b"hello"
    with pytest.raises(Permanent, match="changed or moved"):
        ring.open(sealed, bound_to=b"row-2")


def test_a_rotated_ring_still_opens_what_the_old_key_sealed() -> None:
    sealed = KeyRing({"old": OLD}).seal(b"x", bound_to=b"r")
    rotated = KeyRing({"new": NEW, "old": OLD})
    assert rotated.open(sealed, bound_to=b"r") == b"x"
    assert rotated.seal(b"x", bound_to=b"r").key_id == "new"


def test_a_missing_key_says_what_to_do() -> None:
    sealed = KeyRing({"old": OLD}).seal(b"x", bound_to=b"r")
    with pytest.raises(Permanent, match="LEADHUB_KEYS"):
        KeyRing({"new": NEW}).open(sealed, bound_to=b"r")


def test_a_destroyed_key_leaves_nothing_to_read() -> None:
    ring = KeyRing({"a": OLD})
    sealed = ring.seal(b"x", bound_to=b"r")
    erased = crypto.Sealed(key_id="a", wrapped=b"", ciphertext=sealed.ciphertext, mac=sealed.mac)
    with pytest.raises(Permanent, match="erased"):
        ring.open(erased, bound_to=b"r")


def test_equal_content_seals_differently_and_digests_the_same() -> None:
    ring = KeyRing({"a": OLD})
    one, two = ring.seal(b"x", bound_to=b"r"), ring.seal(b"x", bound_to=b"r")
    assert one.ciphertext != two.ciphertext
    assert one.mac != two.mac
    assert crypto.digest("phone", "+1") == crypto.digest("phone", "+1") != crypto.digest("email", "+1")
