"""The line to one CRM for one batch: look at the lease before each call, tell the breaker after it.

When a call fails for everybody (slow down, credentials refused, down) the line stops: later calls of the same batch
fail at once, and their rows wait like the others.
"""

from collections.abc import Callable
from typing import TypeVar

from leadhub.kernel import breaker, clock
from leadhub.kernel.errors import Retryable
from leadhub.kernel.http import LONGEST_CALL, Down, Refused, Throttled, Unsure
from leadhub.kernel.work import Batch

T = TypeVar("T")


class Line:
    """Makes the calls of one batch."""

    def __init__(self, *, service: str, batch: Batch) -> None:
        self._service, self._batch = service, batch
        self._stopped: Retryable | None = None
        self._clean = False
        self.used = False  # whether anything was called at all
        self.failures = 0  # in a row, after the last call

    def call(self, do: Callable[[], T]) -> T:
        """Make one call. Raises LeaseLost, Retryable (nothing was done) or Unsure (perhaps it was)."""
        if self._stopped:
            raise self._stopped
        self._hold_the_lease()
        self.used = True
        try:
            answer = do()
        except Throttled as slow:
            raise self._stop(slow, until_told=True) from slow
        except Refused as refused:
            breaker.refuse(name=self._service, because=_for_the_admin(refused), now=clock.now())
            raise self._stop(refused) from refused
        except (Down, Unsure) as trouble:
            self._failed(trouble)
            raise
        self._went_well()
        return answer

    @property
    def open(self) -> bool:
        """Tell whether the line as a whole is still trusted: then a stumble is looked into with smaller calls."""
        return self._stopped is None

    def _hold_the_lease(self) -> None:
        if clock.now() + LONGEST_CALL > self._batch.lease_until:
            self._batch = self._batch.renew()
        else:
            self._batch.check(needs=LONGEST_CALL)

    def _stop(self, error: Retryable, *, until_told: bool = False) -> Retryable:
        if until_told:
            now = clock.now()
            until = breaker.block(name=self._service, after=error.after, because=str(error), now=now)
            error = Retryable(str(error), after=(until - now).total_seconds())
        self._stopped = error
        return error

    def _failed(self, trouble: Down | Unsure) -> None:
        self._clean = False
        self.failures = breaker.failed(name=self._service, because=str(trouble), now=clock.now())
        if isinstance(trouble, Down):
            self._stop(trouble)
        elif not trouble.stumbled or self.failures >= breaker.OPENS_AFTER:
            self._stop(Retryable(str(trouble)))

    def _went_well(self) -> None:
        if not self._clean and not breaker.healthy(name=self._service):
            breaker.succeeded(name=self._service, now=clock.now())
        self._clean, self.failures = True, 0


def _for_the_admin(refused: Refused) -> str:
    return f"{refused} Give the connection a valid access token: `manage.py connection token <slug>`."
