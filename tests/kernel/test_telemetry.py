"""Log lines: one JSON object each, whatever is in them."""

import json
import logging
import sys

import pytest

from leadhub.kernel.telemetry import JsonLines


def line(said: str, *args: object, **more: object) -> str:
    record = logging.makeLogRecord({"name": "leadhub.test", "levelname": "WARNING", "msg": said, "args": args} | more)
    return JsonLines().format(record)


@pytest.mark.parametrize(
    "said", ['a\r\n{"level": "error", "said": "forged"}', "\x1b[31mred\x1b[0m", "a\x00b", "\u2028", '"quoted" \\ slash']
)
def test_no_text_forges_a_second_line(said: str) -> None:
    found = line("%s", said)
    assert found.isprintable()
    assert json.loads(found)["said"] == said


def test_what_is_passed_beside_the_text_becomes_a_field_and_the_request_does_not() -> None:
    found = json.loads(line("hello", stage="push", request="GET /?q=secret"))
    assert found["stage"] == "push"
    assert "secret" not in json.dumps(found)


def test_an_error_brings_its_trace_on_the_same_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        found = line("failed", exc_info=sys.exc_info())
    assert "\n" not in found
    assert "ValueError: first\nsecond" in json.loads(found)["trace"]
