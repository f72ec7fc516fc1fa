"""Wake the workers: a hint, never the truth. The request raises a flag; a thread does the talking.

With a broker the thread publishes the pipeline's chain, at most one per token. Without one it runs the same chain
itself. A lost hint costs a second: the sweep of every process looks for due rows.
"""

import logging
import os
import threading
from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import close_old_connections, connections, transaction

from leadhub.kernel import clock, locks
from leadhub.kernel.models import Work

log = logging.getLogger(__name__)

TOKEN = "leadhub:wake"  # noqa: S105 - a key's name
TOKEN_MS = 2000
REST = 0.02  # seconds between wake-ups: measured to cost 2-9 % where none costs a quarter
SWEEP = 1.0  # seconds
LEEWAY = timedelta(milliseconds=200)

Send = Callable[[], None]


class Waker(threading.Thread):
    """One per process. Sends when the flag is up, and when the sweep finds due rows."""

    def __init__(self, send: Send) -> None:
        super().__init__(name="leadhub-waker", daemon=True)
        self._send = send
        self._flag = threading.Event()
        self._ended = threading.Event()  # not `_stop`: Thread has a method of that name

    def raise_flag(self) -> None:
        """Ask for a wake-up; costs the caller nothing."""
        self._flag.set()

    def stop(self) -> None:
        """End the thread after what it is doing now."""
        self._ended.set()
        self._flag.set()

    def run(self) -> None:
        """Wait, send, rest; sweep each second."""
        while not self._ended.is_set():
            flagged = self._flag.wait(SWEEP)
            # Clear before sending: a flag raised while we send must lead to another wake-up.
            self._flag.clear()
            if self._ended.is_set():
                break
            self._one_round(flagged)
            self._ended.wait(REST)
        connections.close_all()

    def _one_round(self, flagged: bool) -> None:
        try:
            close_old_connections()
            if flagged or something_is_due():
                self._send()
        except Exception as trouble:  # the thread is this process's only ear: it must outlive whatever it hears
            log.warning("no wake-up sent, the next sweep tries again", exc_info=trouble)


_waker: Waker | None = None
_pid: int | None = None
_send: Send | None = None
_guard = threading.Lock()


def configure(send: Send) -> None:
    """Say how a wake-up is sent; the map of the pipeline does this once, at start."""
    global _send  # noqa: PLW0603
    _send = send


def start() -> Waker | None:
    """Start this process's waker, once; after a fork the child gets its own. None when nothing can be sent."""
    global _waker, _pid
    with _guard:
        if _send is None or not settings.LEADHUB_WAKE:
            return None
        if _waker is None or _pid != os.getpid():
            _waker, _pid = Waker(_send), os.getpid()
            _waker.start()
        return _waker


def pipeline() -> None:
    """Hint that there is work; call it after the commit."""
    waker = start() if _waker is None or _pid != os.getpid() else _waker
    if waker is not None:
        waker.raise_flag()


def something_is_due() -> bool:
    """Look for due rows, one process at a time."""
    with transaction.atomic():
        return locks.leader("leadhub-sweep") and Work.objects.filter(due_at__lte=clock.now() - LEEWAY).exists()


def broker() -> "redis.Redis":
    """Give a Redis client with short time-outs: a frozen Redis must not hold anybody for long."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1.0, socket_connect_timeout=1.0)


def take_token() -> bool:
    """Claim the right to publish one wake-up."""
    return bool(broker_client().set(TOKEN, "1", nx=True, px=TOKEN_MS))


def drop_token() -> None:
    """Let the next wake-up through. The first stage does this before it claims, never after."""
    if not settings.REDIS_URL:
        return
    try:
        broker_client().delete(TOKEN)
    except redis.RedisError as trouble:
        log.warning("the wake-up token stays until it expires", extra={"because": str(trouble)})


_client: "redis.Redis | None" = None


def broker_client() -> "redis.Redis":
    """Give this process's Redis client (redis-py reconnects by itself after a fork)."""
    global _client  # noqa: PLW0603
    if _client is None:
        _client = broker()
    return _client
