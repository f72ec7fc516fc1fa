"""The portal's HTTP face: addresses, token, rate limit, faults, and the control endpoints of the sandbox."""

import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any
from uuid import uuid4

from leadhub.sandbox.hubspot import contact_api, control
from leadhub.sandbox.hubspot.errors import Refusal
from leadhub.sandbox.hubspot.faults import Fault, Faults
from leadhub.sandbox.hubspot.portal import Portal
from leadhub.sandbox.server import Request, Response

DEFAULT_TOKEN = "pat-sandbox"  # noqa: S105 - opens nothing but the simulator
WINDOW = 10.0  # seconds

View = Callable[[Portal, Request, "re.Match[str]"], Response]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One address of the API."""

    method: str
    pattern: "re.Pattern[str]"
    view: View


def _routes() -> list[Route]:
    # Both the old and the date-versioned addresses lead to the same objects.
    roots = {
        "CONTACTS": r"/crm/(?:v3/objects|objects/\d{4}-\d{2})/(?:contacts|0-1)",
        "PROPERTIES": r"/crm/(?:v3/properties|properties/\d{4}-\d{2})/(?:contacts|0-1)",
    }
    made = []
    for method, address, view in contact_api.ADDRESSES:
        for name, pattern in roots.items():
            address = address.replace(name, pattern)
        made.append(Route(method=method, pattern=re.compile(address), view=view))
    return made


ROUTES = _routes()


class HubSpot:
    """One simulated account: call it with a request, get a response, or None when the line is to drop."""

    def __init__(self, portal: Portal, *, token: str = DEFAULT_TOKEN) -> None:
        self.portal, self.faults = portal, Faults()
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._token = f"Bearer {token}"
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response | None:
        """Answer one request."""
        if request.path.startswith("/__sandbox__/"):
            return control.answer(self, request)
        response = self._with_faults(request)
        with self._lock:
            self.calls[f"{request.method} {request.path}"] += 1
            self.statuses[response.status if response else 0] += 1
        return response

    def reset(self) -> None:
        """Begin again, empty and well behaved."""
        self.portal.reset()
        self.faults.clear()
        with self._lock:
            self.calls.clear()
            self.statuses.clear()
            self._recent.clear()

    def _with_faults(self, request: Request) -> Response | None:
        fault = self.faults.take(request.path, request.body)
        if fault is None:
            return self._answer(request)
        return _FAULTS[fault.kind](fault, lambda: self._answer(request))

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != self._token:
            return _unauthorised()
        wait = self._over_the_limit()
        if wait:
            return _throttled(wait, "TEN_SECONDLY_ROLLING")
        response = self._dispatch(request)
        return response if request.path.endswith("/search") else self._with_limits(response)

    def _dispatch(self, request: Request) -> Response:
        try:
            for route in ROUTES:
                match = route.pattern.fullmatch(request.path) if route.method == request.method else None
                if match:
                    return route.view(self.portal, request, match)
        except Refusal as refusal:
            return Response.of(refusal.envelope(), status=refusal.status)
        except (JSONDecodeError, UnicodeDecodeError):
            return Response.of(Refusal("Invalid input JSON").envelope(), status=400)
        return Response.of(
            Refusal(f"No route for {request.method} {request.path}", category="NOT_FOUND").envelope(), status=404
        )

    def _over_the_limit(self) -> int:
        rate = self.portal.options.rate
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - WINDOW:
                self._recent.popleft()
            if rate and len(self._recent) >= rate:
                return max(1, round(self._recent[0] + WINDOW - now))
            self._recent.append(now)
        return 0

    def _with_limits(self, response: Response) -> Response:
        rate = self.portal.options.rate or 190
        headers = {
            "X-HubSpot-RateLimit-Max": str(rate),
            "X-HubSpot-RateLimit-Remaining": str(max(0, rate - len(self._recent))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "650000",
            "X-HubSpot-RateLimit-Daily-Remaining": "650000",
        }
        return Response(status=response.status, body=response.body, headers=headers)


def _unauthorised() -> Response:
    body = Refusal("Authentication credentials not found or invalid.", category="INVALID_AUTHENTICATION").envelope()
    return Response.of(body, status=401)


def _throttled(seconds: int, policy: str) -> Response:
    body: dict[str, Any] = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid4()),
        "policyName": policy,
    }
    return Response.of(body, status=429, headers={"Retry-After": str(seconds)})


Do = Callable[[], Response]


def _throttle(fault: Fault, _do: Do) -> Response | None:
    return _throttled(fault.retry_after, fault.policy)


def _error(fault: Fault, _do: Do) -> Response | None:
    return Response.of(Refusal("internal error", category="INTERNAL_ERROR").envelope(), status=fault.status)


def _drop(fault: Fault, do: Do) -> Response | None:
    if fault.committed:
        do()
    return None


def _slow(fault: Fault, do: Do) -> Response | None:
    time.sleep(fault.seconds)
    return do()


def _refuse(_fault: Fault, _do: Do) -> Response | None:
    return _unauthorised()


_FAULTS: dict[str, Callable[[Fault, Do], Response | None]] = {
    "throttle": _throttle,
    "error": _error,
    "drop": _drop,
    "slow": _slow,
    "unauthorised": _refuse,
}
