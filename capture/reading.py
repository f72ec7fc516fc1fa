"""From an HTTP request to a Delivery: every cheap check, before anything is read or believed."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from capture.channels.base import Refused
from capture.contracts import Delivery
from capture.doors import OpenDoor

UTF8 = frozenset({"", "utf-8", "utf8", "us-ascii"})


def read(request: HttpRequest, opened: OpenDoor, *, now: datetime) -> Delivery:
    """Read the request as a Delivery. Raises Refused with the status that tells the sender what to change."""
    meta: Mapping[str, str] = request.META
    length = _length(meta)
    media = _accepted(meta, opened)
    query = meta.get("QUERY_STRING", "")
    return Delivery(
        method="POST",
        url=f"{opened.url}?{query}" if query else opened.url,
        query=query,
        headers={name: meta[key] for name, key in opened.headers if key in meta},
        content_type=media,
        body=_body(request, length),
        received_at=now,
    )


def _length(meta: Mapping[str, str]) -> int:
    given = meta.get("CONTENT_LENGTH") or ""
    # A chunked body has no length, and WSGI would read it as empty: a lead would be lost with a 202.
    if not given or meta.get("HTTP_TRANSFER_ENCODING"):
        raise Refused("length_missing", "Send the body with a Content-Length, not chunked.", status=411)
    if not (given.isascii() and given.isdigit()):
        raise Refused("length_wrong", "The Content-Length is not a number.", status=400)
    most: int = settings.LEADHUB_MAX_BODY
    if len(given) > 12 or int(given) > most:
        raise Refused("too_large", f"A body may have {most} bytes.", status=413)
    return int(given)


def _accepted(meta: Mapping[str, str], opened: OpenDoor) -> str:
    media, charset = media_type(meta.get("CONTENT_TYPE", ""))
    if media not in opened.adapter.content_types:
        wanted = " or ".join(sorted(opened.adapter.content_types))
        raise Refused("media_type", f"This door takes {wanted}.", status=415)
    if charset not in UTF8:
        raise Refused("charset", "This door takes UTF-8 only.", status=415)
    if meta.get("HTTP_CONTENT_ENCODING", "identity").lower() not in ("identity", ""):
        raise Refused("encoding", "Send the body uncompressed.", status=415)
    return media


@lru_cache(maxsize=128)
def media_type(content_type: str) -> tuple[str, str]:
    """Split a Content-Type into the media type and its charset, both in lower case."""
    media, *parameters = content_type.lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return media.strip(), value.strip().strip('"')
    return media.strip(), ""


def _body(request: HttpRequest, length: int) -> bytes:
    try:
        body = request.read(length)  # not `.body`: that reads up to another setting's limit, and copies
    except UnreadablePostError as broken:
        raise Refused("cut_short", "The body ended before its Content-Length.", status=400) from broken
    if len(body) != length:
        raise Refused("cut_short", "The body ended before its Content-Length.", status=400)
    return body
