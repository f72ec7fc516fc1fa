"""Call outside services: explicit time-outs, no redirects, no proxies from the environment, errors that say what next.

Nothing is retried here. The row is the job: what failed is due again later, and the next claim decides.
"""

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

import httpx2

from leadhub.kernel import clock
from leadhub.kernel.errors import OutcomeUnknown, Retryable

log = logging.getLogger(__name__)

CONNECT, WRITE, READ = 3.0, 5.0, 10.0  # seconds
LONGEST_CALL = timedelta(seconds=CONNECT + WRITE + READ)  # what must fit into what is left of a lease
LONGEST_WAIT = 3600.0  # seconds; a longer Retry-After is asked again after an hour
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class Throttled(Retryable):
    """The service asks everybody to slow down."""


class Refused(Retryable):
    """The credentials are refused: only a person can mend that."""


class Down(Retryable):
    """The service is in trouble or cannot be reached; nothing was done."""


class Unsure(OutcomeUnknown):
    """The call went out and no useful answer came back. `stumbled`: it answered 500, perhaps over one record."""

    def __init__(self, because: str, *, stumbled: bool = False) -> None:
        super().__init__(because)
        self.stumbled = stumbled


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the service said; only answers about the content of the request get this far."""

    status: int
    content: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Tell whether it was done."""
        return self.status < HTTPStatus.BAD_REQUEST


def call(
    *,
    base_url: str,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    json: object = None,
    writes: bool,
) -> Answer:
    """Make one call. `writes` says whether an unanswered call may have changed something.

    Raises Throttled, Refused, Down or Unsure; every other answer, 404 and 409 too, is the caller's to read.
    """
    try:
        response = client(base_url).request(method, path, headers=dict(headers or {}), json=json)
    except _NOT_SENT as away:
        raise Down(f"{base_url} cannot be reached: {away}") from away
    except httpx2.TransportError as broken:
        raise _unanswered(base_url, f"the line broke ({type(broken).__name__})", writes) from broken
    log.debug("called", extra={"method": method, "url": base_url, "status": response.status_code})
    return _read(base_url, response, writes)


def _read(base_url: str, response: httpx2.Response, writes: bool) -> Answer:
    status = response.status_code
    content = _content(response)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled(f"{base_url} asks us to slow down: {_said(content)}", after=_wait(response, content))
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Refused(f"{base_url} refuses our credentials ({status}): {_said(content)}")
    if status in (HTTPStatus.LOCKED, HTTPStatus.SERVICE_UNAVAILABLE, 477):  # 477: HubSpot is moving the account
        raise Down(f"{base_url} is in trouble ({status}): {_said(content)}", after=_retry_after(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        stumbled = status == HTTPStatus.INTERNAL_SERVER_ERROR
        raise _unanswered(base_url, f"it answered {status}", writes, stumbled=stumbled)
    return Answer(status=status, content=content, headers=response.headers)


def _unanswered(base_url: str, what: str, writes: bool, *, stumbled: bool = False) -> Unsure | Down:
    if writes:
        return Unsure(f"{base_url}: {what}; it may or may not have done what we asked", stumbled=stumbled)
    return Down(f"{base_url}: {what}")


def _content(response: httpx2.Response) -> Any:
    try:
        return response.json() if response.content else {}
    except (JSONDecodeError, UnicodeDecodeError):
        return {"message": response.text[:200]}


def _said(content: Any) -> str:
    return str(content.get("message", ""))[:200] if isinstance(content, dict) else ""


def _wait(response: httpx2.Response, content: Any) -> float | None:
    if isinstance(content, dict) and content.get("policyName") == "DAILY":
        return LONGEST_WAIT  # until midnight in the account's own time zone, which nobody tells us
    return _retry_after(response)


def _retry_after(response: httpx2.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.isdigit() else (parsedate_to_datetime(text) - clock.now()).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


_clients: dict[tuple[int, str], httpx2.Client] = {}
_guard = threading.Lock()


def client(base_url: str) -> httpx2.Client:
    """Give this process's client for one address: kept alive, safe between threads, never shared over a fork."""
    key = (os.getpid(), base_url)
    found = _clients.get(key)
    if found is not None:
        return found
    with _guard:
        if key not in _clients:
            _clients[key] = httpx2.Client(
                base_url=base_url,
                timeout=httpx2.Timeout(READ, connect=CONNECT, write=WRITE),
                follow_redirects=False,
                trust_env=False,
                limits=httpx2.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30.0),
            )
        return _clients[key]


def close_all() -> None:
    """Hang up: close this process's kept-alive connections."""
    with _guard:
        for key in [key for key in _clients if key[0] == os.getpid()]:
            _clients.pop(key).close()
