"""JSON with single values that cannot be read: the others are there."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.messages.json_mending import decode_with_errors, keep_structure, mend_json, parse_with_errors
from connectors.messages.json_numbers import parse_json
from connectors.messages.json_slices import Bounds

LARGE = b'{"pad": "' + b"x" * 600_000 + b'", "value": '


class WrongError(Exception):
    """Equal by its text."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WrongError) and self.args[0].split()[:3] == other.args[0].split()[:3]

    __hash__ = Exception.__hash__


TEXT, HALF, NAN, RANGE = map(WrongError, ("the text is", "the text has", "the value is", "the number is"))
UNREADABLE = UnicodeDecodeError("utf-8", b"", 0, 1, "unreadable")
CASES: list[tuple[bytes, Any]] = [
    (b'["caf\xe9", 1]', [TEXT, 1]),
    (b'["caf\xc3"]', [TEXT]),
    (b'["\xed\xa0\x80", "\xf5\xff"]', [TEXT, TEXT]),
    (b'["\\ud83d", "\\ud83d\\ude00"]', [HALF, "\U0001f600"]),
    (b'["\\uDE00\\ud83d"]', [HALF]),
    (b'["\\\\ud83d", "\\udc00"]', ["\\ud83d", HALF]),
    (b'["NaN", NaN, Infinity, -Infinity]', ["NaN", NAN, NAN, NAN]),
    (b"[1e400, -1E+999, 1e-999, 1e308]", [RANGE, RANGE, 0.0, 1e308]),
    (b"[%b, %b.5, NaN]" % (b"9" * 20, b"9" * 400), [10**20 - 1, RANGE, NAN]),
    (b"[%b]" % (b"9" * 5000), [RANGE]),
    (b'[{"\xff": 1, "b": "\xff"}]', [{"\ufffd": 1, "b": TEXT}]),
]


@pytest.mark.parametrize(("body", "expected"), CASES)
async def test_an_error_stands_for_the_value_alone(body: bytes, expected: Any) -> None:
    """Small or large."""
    assert parse_with_errors(body, WrongError, UNREADABLE) == expected
    large = await decode_with_errors(LARGE + body + b"}", Bounds(10), WrongError, UNREADABLE)
    assert large["value"] == expected


@pytest.mark.parametrize("body", [b"[1,]", b"[tru]", b'\xff["a"]', b'["\xff"', b'["\xff",]', b"[NaNa]", b"[1, 2"])
async def test_what_is_no_json_stays_unreadable(body: bytes) -> None:
    """The error is that of the first decoder."""
    with pytest.raises(UnicodeDecodeError, match="unreadable"):
        parse_with_errors(body, WrongError, UNREADABLE)
    with pytest.raises(UnicodeDecodeError, match="unreadable"):
        await decode_with_errors(LARGE + body, Bounds(10), WrongError, UNREADABLE)


@pytest.mark.parametrize("body", [b'"\xff"', b"NaN"])
def test_a_value_that_is_all_is_raised(body: bytes) -> None:
    """There is nothing to save."""
    with pytest.raises(WrongError):
        parse_with_errors(body, WrongError, UNREADABLE)


@pytest.mark.parametrize("body", [b'{"a":"' + b'\\"' * 2_000_000, b"[" + b"1" * 4_000_000 + b" NaN", b'"\\u' * 500_000])
def test_it_takes_linear_time(body: bytes) -> None:
    """Whatever the upstream thinks of."""
    began = time.process_time()
    with pytest.raises(UnicodeDecodeError):
        parse_with_errors(body, WrongError, UNREADABLE)
    assert time.process_time() - began < 20


@settings(deadline=None)
@given(st.recursive(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.lists))
def test_good_json_is_left_alone(value: Any) -> None:
    """Nothing in it looks as if it could not be read."""
    for body in (json.dumps(value).encode(), json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")):
        assert mend_json(body) is None
        assert parse_json(body) is not None


def test_json_is_taken_apart_before_its_values_are_read() -> None:
    """What cannot be read is found by the decoder of its part."""
    kept = keep_structure(b'{"id": "1", "payload": {"a": "x\\ud800", "b": NaN, "c": 1}}')
    assert kept is not None
    payload = msgspec.json.decode(kept, type=dict[str, msgspec.Raw])["payload"]
    assert parse_with_errors(bytes(payload), WrongError, UNREADABLE) == {"a": TEXT, "b": TEXT, "c": 1}
    assert keep_structure(b'{"id": 1}') is None
