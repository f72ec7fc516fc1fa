"""The doors. What is answered 2xx is committed; everything else says what to change."""

import json
import logging
import math
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from capture import doors, log, reading
from capture.channels.base import GivesTokens, Refused, Unreadable
from capture.contracts import Answer, Delivery
from capture.doors import OpenDoor
from leadhub.kernel import clock, problems, wake
from leadhub.kernel.errors import Permanent

logger = logging.getLogger(__name__)

DELIVERIES = Counter("leadhub_deliveries", "Deliveries at the doors of this process.", ["source", "outcome"])
UNKNOWN_SOURCE = "unknown"  # never the slug that was asked for: strangers could make metrics without end
JSON_TYPE = "application/json"


class TakeFirst(BaseContentNegotiation):
    """Skip negotiation: the adapter decides how its provider is answered."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        """Parse nothing: the body is needed raw."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Name any renderer; none is used."""
        return _RENDERER, JSON_TYPE


_RENDERER = JSONRenderer()


class DoorView(APIView):
    """A door without sessions, parsers or throttles: each source proves itself in its own way."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = TakeFirst
    http_method_names = ["post", "head"]
    schema = None

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Send none of DRF's headers."""
        return {}

    def perform_authentication(self, request: Request) -> None:
        """Leave it to the adapter, which has the raw body."""

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer 405 as a problem document."""
        answer = problems.answer(405, "Deliveries come by POST.")
        answer["Allow"] = "POST, HEAD"
        return answer

    def head(self, request: Request, slug: str) -> HttpResponse:
        """Answer who only looks whether the address works."""
        return HttpResponse() if doors.find(slug) else _no_such_door()

    def post(self, request: Request, slug: str) -> HttpResponse:
        """Take one delivery in."""
        try:
            return _take_in(request._request, slug)
        except (OperationalError, InterfaceError) as away:
            logger.error("the door cannot reach the database", extra={"because": str(away)})
        except Permanent as unusable:
            # A provider gives up on 4xx; this is ours to mend, so ask for the delivery again.
            logger.error("the door cannot open its secrets", extra={"source": slug, "because": str(unusable)})
        return _problem(503, "unavailable", "The delivery cannot be stored right now; send it again.", after="5")


def _take_in(request: HttpRequest, slug: str) -> HttpResponse:
    opened = doors.find(slug)
    if opened is None:
        DELIVERIES.labels(UNKNOWN_SOURCE, "no_such_door").inc()
        return _no_such_door()
    try:
        wait = opened.bucket.wait()
        if wait:
            DELIVERIES.labels(slug, "too_many").inc()
            return _problem(429, "too_many", "This source sends faster than it may.", after=str(math.ceil(wait)))
        return _store(request, opened)
    except Refused as refused:
        DELIVERIES.labels(slug, refused.reason).inc()
        return _problem(refused.status, refused.reason, str(refused))
    except Unreadable as unreadable:
        DELIVERIES.labels(slug, unreadable.reason).inc()
        return _problem(400, unreadable.reason, str(unreadable))


def _store(request: HttpRequest, opened: OpenDoor) -> HttpResponse:
    now = clock.now()
    delivery = reading.read(request, opened, now=now)
    verdict = opened.adapter.verify(delivery, opened.door)
    receipt = opened.adapter.receive(delivery, opened.door)
    appended = log.append(
        source_id=opened.source_id,
        receipt=receipt,
        delivery=delivery,
        verdict=verdict,
        now=now,
        traceparent=request.META.get("HTTP_TRACEPARENT", ""),
    )
    if appended.conflict:
        raise Refused("key_reused", "This Idempotency-Key was used for other content; nothing was stored.", status=422)
    if appended.is_new:
        wake.pipeline()
    DELIVERIES.labels(opened.door.slug, "stored" if appended.is_new else "repeated").inc()
    return _answer(opened, delivery, appended.event_id, duplicate=not appended.is_new)


def _answer(opened: OpenDoor, delivery: Delivery, event_id: UUID, *, duplicate: bool) -> HttpResponse:
    said: Answer = opened.adapter.answer(event_id=event_id, duplicate=duplicate, delivery=delivery, door=opened.door)
    return HttpResponse(
        said.body,
        status=said.status,
        content_type=said.content_type,
        headers={"X-LeadHub-Event": str(event_id), **said.headers},
    )


def _no_such_door() -> HttpResponse:
    return _problem(404, "no_such_door", "There is no open door at this address.")


def _problem(status: int, code: str, detail: str, *, after: str = "") -> HttpResponse:
    return HttpResponse(
        json.dumps(problems.document(status, detail=detail, kind=code)),
        status=status,
        content_type=problems.CONTENT_TYPE,
        headers={"Retry-After": after} if after else None,
    )


class TokenView(DoorView):
    """Where a web page fetches its time token."""

    http_method_names = ["get", "head"]

    def get(self, request: Request, slug: str) -> HttpResponse:
        """Give a fresh token, readable by the source's own pages."""
        opened = doors.find(slug)
        if opened is None or not isinstance(opened.adapter, GivesTokens) or not opened.door.secrets:
            return _no_such_door()
        made = opened.adapter.token(door=opened.door, now=clock.now(), nonce=secrets.token_urlsafe(12))
        allowed: Mapping[str, str] = opened.adapter.allow(origin=request.META.get("HTTP_ORIGIN", ""), door=opened.door)
        return HttpResponse(
            f'{{"token": "{made}"}}', content_type=JSON_TYPE, headers={"Cache-Control": "no-store", **allowed}
        )
