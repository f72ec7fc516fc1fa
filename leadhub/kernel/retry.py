"""How long to wait before the next attempt (pure)."""

MAX_ATTEMPTS = 6
FIRST = 1.0  # seconds
LONGEST = 900.0  # seconds


def backoff(attempts: int, *, jitter: float) -> float:
    """Give seconds to wait after `attempts` failures: exponential with full jitter.

    `jitter` is a random number in [0, 1). Method: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
    """
    ceiling = min(LONGEST, FIRST * 2.0 ** min(attempts, 20))
    return FIRST / 2 + (ceiling - FIRST / 2) * jitter
