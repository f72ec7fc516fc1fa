"""Token buckets: so many a second, in this process. No outside store is asked on the hot path."""

import threading
import time
from collections.abc import Callable


class Bucket:
    """Let `rate` through each second, and `burst` at once after a rest."""

    __slots__ = ("_burst", "_clock", "_guard", "_level", "_rate", "_seen")

    def __init__(self, *, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._level, self._seen = burst, clock()
        self._guard = threading.Lock()

    def wait(self) -> float:
        """Take one token and give 0, or give the seconds until there is one."""
        with self._guard:
            now = self._clock()
            self._level = min(self._burst, self._level + (now - self._seen) * self._rate)
            self._seen = now
            if self._level >= 1:
                self._level -= 1
                return 0.0
            return (1 - self._level) / self._rate
