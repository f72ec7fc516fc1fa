"""JSON that means one thing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadhub.kernel.strict_json import NotJson, loads

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def said_of(raw: bytes) -> str:
    try:
        loads(raw)
    except NotJson as refused:
        return f"{refused.code}: {refused.message}"
    return "Read."


@given(VALUES)
def test_ordinary_json_is_read_as_it_is(value: object) -> None:
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=300))
def test_other_bytes_are_refused_in_one_way(raw: bytes) -> None:
    assert said_of(raw).endswith(".")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b"[" * 100_000, "json_too_deep"),
        (b"[" * 33 + b"]" * 33, "json_too_deep"),
        (b'{"a": "' + b'\\"' * 100_000, "not_json"),
        (b'["' * 60_000, "json_too_deep"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b"[NaN]", "not_json"),
        (b"[-Infinity]", "not_json"),
        (b"[1e999]", "number_too_large"),
        (b"[" + b"9" * 5000 + b"]", "number_too_large"),
        (b"[9223372036854775808]", "number_too_large"),
        (b'["\\u0000"]', "nul"),
        (b'{"\\u0000": 1}', "nul"),
        (b'["\\ud800"]', "lone_surrogate"),
        (b'["\xff"]', "not_utf8"),
        ("[1]".encode("utf-16"), "not_utf8"),
    ],
)
def test_what_means_two_things_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(NotJson) as refused:
        loads(raw)
    assert refused.value.code == code


def test_brackets_in_texts_are_no_depth() -> None:
    assert loads(b'["' + b"[{" * 500 + b'", "\\"[[[["]') == ["[{" * 500, '"[[[[']


def test_a_byte_order_mark_is_tolerated() -> None:
    assert loads(b"\xef\xbb\xbf[1]") == [1]
