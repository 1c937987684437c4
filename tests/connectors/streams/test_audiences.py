"""Events of messages that hold several, and their subscribers."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from connectors.messages.keys import KeyCase
from connectors.streams.audiences import Audiences, Items
from connectors.streams.pace import Pace

A, B = {"sym": "A", "n": 1}, {"sym": "B", "n": 2}
SYM, FIRST, STREAM = ("sym",), ("0",), ("stream",)
TRADE, QUOTE = [7, "trade"], [8, "quote"]


@pytest.mark.parametrize(
    ("joined", "message", "heard", "unwanted"),
    [
        ([((), {SYM: "A"})], A, [A], 0),
        ([((), {SYM: "A"})], B, [], 1),
        ([((), {SYM: "A"})], [A, B, A], [A, A], 1),
        ([((), {SYM: "A"})], [], [], 0),
        ([((), {SYM: "A"}), ((), {SYM: "B"})], [A, B], [A, B], 0),
        ([((), {})], [A, B], [A, B], 0),
        ([(None, {})], [A, B], [[A, B]], 0),
        ([(None, {}), ((), {SYM: "B"})], [A, B], [[A, B], B], 0),
        ([(None, {FIRST: "7"})], TRADE, [TRADE], 0),
        ([(None, {FIRST: 7})], [TRADE, QUOTE, TRADE], [TRADE, TRADE], 1),
        ([(None, {FIRST: 7})], [1, 2, 3], [], 1),
        ([(("data",), {SYM: "A"})], {"data": [A, B]}, [A], 1),
        ([(("data",), {SYM: "A"})], {"data": A}, [A], 0),
        ([(("data",), {SYM: "A"})], A, [A], 0),
        ([(("data",), {SYM: "A"})], [{"data": [A, B]}, {"data": [A]}, B], [A, A], 2),
        ([(("1",), {SYM: "A"})], [7, [A, B]], [A], 1),
        ([(("data",), {STREAM: "s"})], {"stream": "s", "data": [A, B]}, [A, B], 0),
        ([(("data",), {STREAM: "s"})], {"stream": "t", "data": [A, B]}, [], 2),
        ([], [A, B], [], 2),
        ([], A, [], 1),
        ([((), {SYM: None})], None, [None], 0),
        ([((), {SYM: "A"})], [None, 7, "A", [A]], [], 4),
    ],
)
async def test_events_go_to_those_that_want_them(
    joined: list[tuple[Items, dict[Any, Any]]], message: Any, heard: list[Any], unwanted: int
) -> None:
    """Each event of a message on its own; those for no subscriber are counted."""
    audiences: Audiences[Any] = Audiences(Pace(64))
    received: list[Any] = []
    with ExitStack() as stack:
        for items, wanted in joined:
            stack.enter_context(audiences.join(items, wanted, received.append))
        assert await audiences.deal(message, lambda event: event) == unwanted
    assert received == heard
    assert audiences.is_empty


@pytest.mark.parametrize(
    ("case", "wanted", "heard"),
    [
        ("exact", "btc", ["btc"]),
        ("insensitive", "Btc", ["btc", "BTC"]),
        ("uuid", "0B8F9A5E62D94D3E9C7B6A5D4E3F2A1B", ["{0b8f9a5e-62d9-4d3e-9c7b-6a5d4e3f2a1b}"]),
    ],
)
async def test_topics_are_compared_by_their_case(case: KeyCase, wanted: str, heard: list[str]) -> None:
    """As keys of batches are; one subscriber's choice is not another's."""
    audiences: Audiences[Any] = Audiences(Pace(64))
    received: list[Any] = []
    exact: list[Any] = []
    with (
        audiences.join((), {SYM: wanted}, received.append, case=case),
        audiences.join((), {SYM: "BTC"}, exact.append),
    ):
        for sym in ("btc", "BTC", "{0b8f9a5e-62d9-4d3e-9c7b-6a5d4e3f2a1b}", None):
            await audiences.deal({"sym": sym}, lambda event: event["sym"])
    assert received == heard
    assert exact == ["BTC"]
    assert audiences.is_empty
