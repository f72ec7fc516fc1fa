"""Middleware of the pages and the API (the capture door has none)."""

import os
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from whitenoise.middleware import WhiteNoiseMiddleware

from leadhub.kernel import problems

Next = Callable[[HttpRequest], HttpResponse]

_COMMON = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; script-src 'self'"
)
_ADMIN = f"{_COMMON} 'unsafe-eval'"  # Unfold's Alpine evaluates expressions


class StaticFiles(WhiteNoiseMiddleware):
    """Serve static files; what was not collected is found in the packages, so an empty folder is no fault."""

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Add a folder if there is one: WhiteNoise would warn at every start on a fresh machine."""
        if os.path.isdir(root):
            super().add_files(root, prefix)


class RefuseNul:
    """Answer 400 to NUL in a path, query or form: PostgreSQL refuses it and Django's admin would answer 500."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at path and query of every request, and at the fields of a form."""
        if "\0" in request.path or _has_nul(request.GET) or (_is_form(request) and _has_nul(request.POST)):
            return _refused(request)
        return self._get_response(request)


class SetContentSecurityPolicy:
    """Tell the browser to run nothing that is not ours: the second wall behind escaping."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header unless the view has set its own."""
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request))
        return response


def _policy(request: HttpRequest) -> str:
    return _ADMIN if request.path.startswith("/admin/") else _COMMON


def _is_form(request: HttpRequest) -> bool:
    kind = request.content_type
    return request.method == "POST" and kind in ("application/x-www-form-urlencoded", "multipart/form-data")


def _has_nul(given: QueryDict) -> bool:
    return any("\0" in text for name, values in given.lists() for text in (name, *values))


def _refused(request: HttpRequest) -> HttpResponse:
    why = "The request holds a NUL character, which no text field can keep."
    if request.path.startswith("/api/"):
        return problems.answer(400, why)
    return HttpResponseBadRequest(why, content_type="text/plain")
