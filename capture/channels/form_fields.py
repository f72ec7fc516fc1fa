"""Form posts, read as bytes: a signature is over what was sent, not over what a decoder made of it (pure)."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from capture.channels.base import Unreadable

MOST = 1000  # fields

Pairs = tuple[tuple[bytes, bytes], ...]


@lru_cache(maxsize=8)
def pairs(body: bytes) -> Pairs:
    """Split a urlencoded body into its decoded pairs, in order. Small cache: a door reads one body three times."""
    parts = body.split(b"&")
    if len(parts) > MOST:
        raise Unreadable("too_many_fields", f"The form has more than {MOST} fields.")
    return tuple((_plain(name), _plain(value)) for name, _, value in (p.partition(b"=") for p in parts if p))


def _plain(part: bytes) -> bytes:
    part = part.replace(b"+", b" ")
    return unquote_to_bytes(part) if b"%" in part else part


def text_fields(found: Pairs) -> Mapping[str, str]:
    """Read the pairs as text; empty values are absent, and of a repeated name the first value counts."""
    fields: dict[str, str] = {}
    try:
        for name, value in found:
            if value:
                fields.setdefault(name.decode(), value.decode())
    except UnicodeDecodeError as wrong:
        raise Unreadable("not_utf8", "The form is not UTF-8 text.") from wrong
    return fields


def canonical(found: Pairs) -> bytes:
    """Give one spelling for the same fields, however they were ordered and escaped."""
    return b"\x1e".join(sorted(name + b"\x1f" + value for name, value in found))
