"""The one view."""

import hashlib
import hmac
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from tests.benchmarks.plain.models import Event


def receive(request: HttpRequest) -> HttpResponse:
    """Check the HMAC over the body, store the row once, answer 202."""
    body = request.body
    expected = hmac.new(settings.PLAIN_SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
        return HttpResponse(status=401)
    row = Event(
        source=1,
        delivery_key=request.headers.get("X-Key", ""),
        digest=hashlib.sha256(body).digest(),
        received_at=datetime.now(UTC),
        headers={"content-type": request.content_type},
        body=body,
    )
    Event.objects.bulk_create([row], ignore_conflicts=True)
    answer = JsonResponse({"id": row.delivery_key}, status=202)
    # CommonMiddleware would say the length; without it the answer is chunked.
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer


urlpatterns = [path("in/", receive)]
