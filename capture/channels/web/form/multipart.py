"""Multipart form posts, as a browser's FormData sends them; files are left out (pure)."""

from email import policy
from email.message import Message
from email.parser import BytesParser

from capture.channels.base import Unreadable
from capture.channels.form_fields import MOST, Pairs

# `compat32` reads leniently and never raises on what a header says.
_PARSER = BytesParser(policy=policy.compat32)


def pairs(content_type: str, body: bytes) -> Pairs:
    """Split the body into its fields. Raises Unreadable when it has no parts."""
    if body.count(b"\nContent-Disposition") + body.count(b"\ncontent-disposition") > MOST:
        raise Unreadable("too_many_fields", f"The form has more than {MOST} fields.")
    message = _PARSER.parsebytes(b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + body)
    parts = message.get_payload()
    if not message.is_multipart() or not isinstance(parts, list):
        raise Unreadable("not_a_form", "The multipart body has no parts.")
    return tuple(_pair(part) for part in parts if isinstance(part, Message) and _is_field(part))


def _is_field(part: Message) -> bool:
    return part.get_filename() is None and _name(part) != ""


def _name(part: Message) -> str:
    name = part.get_param("name", header="content-disposition")
    return name if isinstance(name, str) else ""


def _pair(part: Message) -> tuple[bytes, bytes]:
    content = part.get_payload(decode=True)
    return _name(part).encode("utf-8", "surrogateescape"), content if isinstance(content, bytes) else b""
