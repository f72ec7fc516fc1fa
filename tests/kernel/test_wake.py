"""The waker: one thread that outlives whatever it hears and ends when it is told to."""

import threading

import pytest

from leadhub.kernel.wake import Waker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_waker_sends_when_the_flag_is_up_and_ends_when_told() -> None:
    sent = threading.Event()
    waker = Waker(sent.set)
    waker.start()
    waker.raise_flag()
    assert sent.wait(10)
    waker.stop()
    waker.join(10)
    assert not waker.is_alive()


def test_a_waker_outlives_a_broker_that_is_away() -> None:
    heard: list[str] = []
    again = threading.Event()

    def send() -> None:
        heard.append("flag")
        if len(heard) == 1:
            raise ConnectionError("nobody listens")
        again.set()

    waker = Waker(send)
    waker.start()
    waker.raise_flag()
    while not heard and waker.is_alive():
        again.wait(0.01)
    waker.raise_flag()
    assert again.wait(10)
    waker.stop()
    waker.join(10)
