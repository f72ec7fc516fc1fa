"""Calls to the outside end in an answer or in an error that says what comes next."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from leadhub.kernel import http
from leadhub.sandbox.server import Request, Response, SandboxServer


class Script:
    """Answers with what the test wrote down."""

    def __init__(self) -> None:
        self.response: Response | None = Response.of({"fine": True})
        self.seen: list[Request] = []

    def __call__(self, request: Request) -> Response | None:
        self.seen.append(request)
        return self.response


@pytest.fixture
def script() -> Iterator[tuple[Script, str]]:
    made = Script()
    with SandboxServer(made) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield made, server.url
        http.close_all()
        server.shutdown()
        thread.join()


def get(url: str, *, writes: bool = False) -> http.Answer:
    return http.call(base_url=url, method="POST", path="/x", json={"a": 1}, writes=writes)


def test_an_answer_about_the_content_is_the_callers_to_read(script: tuple[Script, str]) -> None:
    made, url = script
    assert get(url).content == {"fine": True}
    for status in (400, 404, 409, 422):
        made.response = Response.of({"message": "no"}, status=status)
        answer = get(url)
        assert (answer.status, answer.ok) == (status, False)


@pytest.mark.parametrize(
    ("status", "writes", "error"),
    [
        (401, True, http.Refused),
        (403, True, http.Refused),
        (423, True, http.Down),
        (429, True, http.Throttled),
        (500, True, http.Unsure),
        (502, True, http.Unsure),
        (502, False, http.Down),
        (503, True, http.Down),
        (504, True, http.Unsure),
    ],
)
def test_trouble_has_a_kind(status: int, writes: bool, error: type[Exception], script: tuple[Script, str]) -> None:
    made, url = script
    made.response = Response.of({"message": "no"}, status=status)
    with pytest.raises(error):
        get(url, writes=writes)


def test_a_dropped_line_is_unsure_only_when_something_may_have_been_written(script: tuple[Script, str]) -> None:
    made, url = script
    made.response = None
    with pytest.raises(http.Unsure):
        get(url, writes=True)
    with pytest.raises(http.Down):
        get(url)


def test_a_redirect_is_an_answer_and_is_not_followed(script: tuple[Script, str]) -> None:
    made, url = script
    made.response = Response(status=302, headers={"Location": f"{url}/elsewhere"})
    assert get(url).status == 302
    assert len(made.seen) == 1


def test_an_answer_that_is_not_json_is_kept_as_words(script: tuple[Script, str]) -> None:
    made, url = script
    made.response = Response(status=400, body=b"<html>no</html>")
    assert get(url).content == {"message": "<html>no</html>"}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0), ("999999", 3600.0), ("soon", None), ("", None)],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None, script: tuple[Script, str]) -> None:
    made, url = script
    made.response = Response.of({}, status=429, headers={"Retry-After": header})
    noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    with time_machine.travel(noon, tick=False), pytest.raises(http.Throttled) as slow:
        get(url)
    assert slow.value.after == seconds


def test_nobody_listening_is_down_and_not_unsure() -> None:
    with pytest.raises(http.Down, match="cannot be reached"):
        get("http://127.0.0.1:9", writes=True)
    http.close_all()


def test_one_connection_serves_many_calls(script: tuple[Script, str]) -> None:
    _made, url = script
    assert http.client(url) is http.client(url)
    for _ in range(3):
        get(url)
