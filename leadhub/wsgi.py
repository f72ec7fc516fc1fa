"""The WSGI door. Webhooks get a handler without middleware: no session, no CSRF, nothing that only costs."""

import os
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadhub.settings")

import django

django.setup(set_prefix=False)

from leadhub import checks  # noqa: E402 - needs the apps
from leadhub.kernel import wake  # noqa: E402 - needs the apps

checks.insist()


Next = Callable[[HttpRequest], HttpResponseBase]


def _with_length(get_response: Next) -> Next:
    """Say how long the answer is, as CommonMiddleware would; without it the server answers in chunks."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and not response.has_header("Content-Length"):
            response.headers["Content-Length"] = str(len(response.content))
        return response

    return answer


class CaptureHandler(WSGIHandler):
    """Django's handler with an empty middleware chain."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Wrap the view alone. Same attributes as BaseHandler.load_middleware (Django 5.2) sets."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        # The stubs lack Django's _get_response, and do not know that a synchronous view stays synchronous.
        view = cast(Next, convert_exception_to_response(self._get_response))  # type: ignore[attr-defined]
        self._middleware_chain = _with_length(view)


class Application:
    """Send /in/ to the capture handler and everything else to the full one."""

    def __init__(self) -> None:
        self._capture, self._full = CaptureHandler(), WSGIHandler()
        if not settings.REDIS_URL:
            wake.start()  # embedded: this process is the worker too, and must sweep from the first second

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve one request."""
        handler = self._capture if environ.get("PATH_INFO", "").startswith("/in/") else self._full
        return handler(environ, start_response)


application = Application()
