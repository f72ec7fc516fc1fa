"""So many a second, and a burst after a rest."""

from leadhub.kernel.limits import Bucket


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_lets_its_burst_through_and_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(rate=2, burst=3, clock=clock)
    assert [bucket.wait() for _ in range(4)] == [0, 0, 0, 0.5]
    clock.now += 0.5
    assert [bucket.wait() for _ in range(2)] == [0, 0.5]


def test_a_rest_fills_no_more_than_the_burst() -> None:
    clock = Clock()
    bucket = Bucket(rate=10, burst=2, clock=clock)
    clock.now += 3600
    assert [bucket.wait() > 0 for _ in range(3)] == [False, False, True]
