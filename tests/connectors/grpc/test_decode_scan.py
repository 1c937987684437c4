"""The values of a serialized message, counted without parsing it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from connectors.grpc.decode_scan import Layouts, Scan, TooManyValues
from tests.connectors.grpc.shop import POOL, message_class

LAYOUTS = Layouts(POOL)
Everything = message_class("shop.Everything")


def scan(message: Any, max_values: int | None = None) -> Scan:
    made = Scan(LAYOUTS, LAYOUTS.get_layout(message.DESCRIPTOR), message.SerializeToString(), max_values)
    made.run()
    return made


def pack(content: Any) -> Any:
    message = Everything()
    message.packed.Pack(content)
    return message


@pytest.mark.parametrize(
    ("message", "values"),
    [
        (Everything(), 0),
        (Everything(small=1, text="a", raw=b"\x08\x01"), 3),
        (Everything(small=-1, wide=1.5, narrow=2.5), 3),
        (Everything(price={"sku": "A", "amount": 300}), 4),
        (Everything(numbers=[1, 300, 70_000]), 4),
        (Everything(narrows=[1.5, 2.5]), 3),
        (Everything(counts={"a": 1}), 4),
        (Everything(by_number={1: {"sku": "A"}}), 6),
        (Everything(inner={"inner": {"text": "a"}}), 5),
        (pack(Everything(text="a")), 3),
        (pack(pack(Everything(text="a"))), 5),
    ],
)
def test_messages_count_as_two_and_other_values_as_one(message: Any, values: int) -> None:
    """Packed numbers each count, and as the field that they are in; an entry of a map is a message."""
    assert scan(message).values == values
    assert scan(message, values).values == values
    if values:
        with pytest.raises(TooManyValues, match=f"more than {values - 1} values"):
            scan(message, values - 1)


def test_pieces_are_messages_that_make_the_whole() -> None:
    """Cut between fields of the outermost message."""
    message = Everything(text="a")
    for number in range(20_000):
        message.prices.add(sku=str(number), amount=number)
    body = message.SerializeToString()
    cuts = scan(message).cuts
    assert (cuts[0], cuts[-1]) == (0, len(body))
    assert len(cuts) > 3
    merged = Everything()
    for start, end in pairwise(cuts):
        merged.MergeFromString(body[start:end])
    assert merged == message


def test_a_scan_goes_on_step_by_step() -> None:
    """Each is a bounded number of fields."""
    struct = Struct()
    for number in range(5_000):
        struct.fields[str(number)].number_value = 1
    made = Scan(LAYOUTS, LAYOUTS.get_layout(Struct.DESCRIPTOR), struct.SerializeToString(), None)
    assert sum(1 for _ in made.steps()) > 5
    assert made.values == 5_000 * 6


@pytest.mark.parametrize(
    "body", [b"\xff" * 20, b"\x0a\xff", b"\x0b" * 300, b"\x0c", b"\x07", b"\x08", b"\xc2\x01\x7f\x00"]
)
def test_what_is_not_well_formed_ends_it(body: bytes) -> None:
    """Parsing will say so."""
    made = Scan(LAYOUTS, LAYOUTS.get_layout(Everything.DESCRIPTOR), body, 100)
    made.run()
    assert made.cuts == [0, len(body)]
