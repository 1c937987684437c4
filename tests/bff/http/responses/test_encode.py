"""Answers as JSON: whatever plain Python a custom scalar gives."""

from __future__ import annotations

import dataclasses
import json
from collections import OrderedDict, UserDict, deque
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.contract import Answer
from bff.http.responses.encode import encode, encode_errors

BIG = 2**70


class Colour(Enum):
    RED = "red"


class Words(str):
    """A string of another class."""


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1.10"), "1.10"),
        (BIG, BIG),
        (-BIG, -BIG),
        (float("nan"), None),
        (float("inf"), None),
        (b"\x00\xff", "AP8="),
        ({1, 2}, [1, 2]),
        ((1, 2), [1, 2]),
        (deque([1]), [1]),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict(a=1), {"a": 1}),
        ({1: "a", None: "b", False: "c"}, {"1": "a", "null": "b", "false": "c"}),
        (date(2026, 1, 2), "2026-01-02"),
        (time(1, 2), "01:02:00"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        (Words("w"), "w"),
        (Point(1), {"x": 1}),
        (1 + 2j, "(1+2j)"),
        ("\ud800", "?"),
    ],
    ids=str,
)
@pytest.mark.parametrize("beside", [0, BIG], ids=["fast", "exact"])
def test_values_look_the_same_both_ways(value: Any, shown: Any, beside: int) -> None:
    """An integer over 64 bits elsewhere in the answer changes the encoder, and nothing else."""
    assert json.loads(encode(Answer(data={"v": value, "beside": beside})))["data"] == {"v": shown, "beside": beside}


def test_what_has_no_json_is_a_coded_error() -> None:
    """A list that holds itself, and a number that Python will not write."""
    endless: list[Any] = []
    endless.append(endless)
    for data in (endless, 10**5000):
        [error] = json.loads(encode(Answer(data=data)))["errors"]
        assert error["extensions"]["code"] == "INTERNAL"
        [error] = json.loads(encode_errors([{"message": data}]))
        assert error["extensions"]["code"] == "INTERNAL"


def test_the_order_of_the_map() -> None:
    """Errors first, so that people see them (GraphQL specification, section 7.1)."""
    answer = Answer(data={"b": 1, "a": 2}, errors=[{"message": "m"}], extensions={"x": 1})
    assert encode(answer) == b'{"errors":[{"message":"m"}],"data":{"b":1,"a":2},"extensions":{"x":1}}'
    assert encode(Answer(errors=[{"message": "m"}], was_executed=False)) == b'{"errors":[{"message":"m"}]}'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.dates(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    )
)
def test_plain_python_is_always_json(value: Any) -> None:
    """Never an exception, always UTF-8, never the error of an unencodable answer."""
    assert list(json.loads(encode(Answer(data=value)).decode())) == ["data"]
