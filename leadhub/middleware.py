"""Middleware of the pages and the API (the capture door has none)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class RefuseNul:
    """Answer 400 to NUL in a path, query or form: PostgreSQL refuses it and Django's admin would answer 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)
