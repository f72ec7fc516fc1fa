"""Errors of the API as problem+json (RFC 9457), without internals."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "Say who you are",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "The state of things forbids it",
    411: "Length required",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Try again shortly",
}


class Conflict(APIException):
    """Refuse because of how things stand, with a sentence that says why."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "Things have changed meanwhile."
    default_code = "conflict"


class TooLarge(APIException):
    """Refuse a body before reading it."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "too_large"


class LengthRequired(APIException):
    """Refuse a body that does not say how long it is: WSGI would read it as empty."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send the body with a Content-Length."
    default_code = "length_required"


def document(code: int, *, detail: str = "", kind: str = "", **more: object) -> dict[str, object]:
    """Make a problem document. `kind` is a short word programs can compare."""
    said: dict[str, object] = {"type": "about:blank", "title": TITLES.get(code, "Error"), "status": code}
    if detail:
        said["detail"] = detail
    if kind:
        said["code"] = kind
    return said | more


def problem_json(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an exception of an API view; None lets Django's own 500 take over."""
    if isinstance(error, OperationalError | InterfaceError):
        log.error("the database does not answer", exc_info=error)
        body = document(503, detail="The database does not answer right now.", kind="unavailable")
        return Response(body, status=503, headers={"Retry-After": "5"}, content_type=CONTENT_TYPE)
    answer = exception_handler(error, dict(context))
    if answer is None:
        return None
    answer.data = _describe(error, answer.status_code)
    answer.content_type = CONTENT_TYPE
    return answer


def _describe(error: Exception, code: int) -> dict[str, object]:
    if isinstance(error, ValidationError):
        errors = _flat(error.get_full_details())
        return document(code, detail="Some values cannot be used.", kind="invalid", errors=errors)
    if isinstance(error, APIException):
        return document(code, detail=str(error.detail), kind=_code_of(error))
    if isinstance(error, Http404):
        return document(404, detail="There is nothing at this address.", kind="not_found")
    if isinstance(error, PermissionDenied):
        return document(403, detail="Your account may not do this.", kind="permission_denied")
    return document(code)


def _code_of(error: APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _flat(details: Any, field: str = "") -> list[dict[str, str]]:
    """List every complaint with the field it is about, however deep the serializer nests."""
    if isinstance(details, Mapping) and "message" in details and "code" in details:
        return [{"field": field, "detail": str(details["message"]), "code": str(details["code"])}]
    if isinstance(details, Mapping):
        return [line for key, inner in details.items() for line in _flat(inner, f"{field}.{key}".strip("."))]
    return [line for inner in details for line in _flat(inner, field)]


def _for_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/in/"))


def answer(code: int, detail: str) -> HttpResponse:
    """Make a problem answer outside DRF."""
    return HttpResponse(json.dumps(document(code, detail=detail)), status=code, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 400 (handler400)."""
    if _for_api(request):
        return answer(400, "The request cannot be read.")
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 403 (handler403)."""
    if _for_api(request):
        return answer(403, "Your account may not do this.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404 (handler404)."""
    if _for_api(request):
        return answer(404, "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer 500 (handler500): what happened is in the log, not in the answer."""
    if _for_api(request):
        return answer(500, "The error was logged; nothing you sent is shown here.")
    return defaults.server_error(request)
