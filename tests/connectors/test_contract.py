"""Calls and replies: what crosses the border of every connector."""

from __future__ import annotations

import asyncio
from typing import Any, TypedDict

import msgspec
import pytest

from connectors.contract import Call, Event, Operation, Reply, at_path, register_conversion
from connectors.errors import UpstreamReplyTooLarge
from connectors.forms import Form, Unfit
from connectors.testing import ManualClock

READ = Operation(upstream="shop", name="read")


class Product(TypedDict):
    """A shape of an author."""

    id: int


def test_the_seconds_that_a_call_has_left() -> None:
    """By the clock of whoever asks; None without a deadline."""
    clock = ManualClock(100)
    assert Call(operation=READ, deadline=103.5).left(clock) == 3.5
    assert Call(operation=READ, deadline=99.0).left(clock) == -1.0
    assert Call(operation=READ).left(clock) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [((), {"a": [{"b": 1}]}), (("a", "0", "b"), 1), (("a", "-1"), {"b": 1}), (("a", "1"), None), (("x", "y"), None)],
)
def test_a_path_into_plain_data(path: tuple[str, ...], value: Any) -> None:
    """Keys of mappings and indexes of lists; None where it leads nowhere."""
    assert at_path({"a": [{"b": 1}]}, path) == value


def test_a_payload_is_decoded_once() -> None:
    """When its data is needed, and not before."""
    decoded: list[bytes] = []

    def decode(payload: bytes) -> Any:
        decoded.append(payload)
        return {"item": 1}

    reply = Reply(b"{}", decode=decode, at=("item",))
    assert not reply.is_read
    assert [reply.data, reply.data] == [1, 1]
    assert reply.is_read
    assert decoded == [b"{}"]


def test_a_copy_points_further_in_and_changes_nothing_else() -> None:
    """What is shared between callers is never changed."""
    reply = Reply({"a": {"b": 2}}, at=("a",), status=200, headers={"x": "1"})
    inner = reply.point_at(("b",))
    assert (inner.data, inner.status, inner.headers) == (2, 200, {"x": "1"})
    assert reply.data == {"b": 2}


async def test_a_large_payload_is_read_in_slices() -> None:
    """Where its decoder can."""

    class Decode:
        def __call__(self, payload: bytes) -> Any:
            raise AssertionError("it can be read in slices")

        async def in_slices(self, payload: bytes) -> Any:
            await asyncio.sleep(0)
            return {"a": 1}

    reply = Reply(b"{}", decode=Decode(), at=("a",))
    assert await reply.read() == 1
    assert reply.data == 1


def test_every_list_that_is_read_is_seen_by_the_bound() -> None:
    """As data, and as objects of a form, which then do not fit."""
    reply = Reply([1, 2, 3], fit=lambda form, payload, at: payload)

    def refuse(records: list[Any]) -> None:
        raise UpstreamReplyTooLarge(READ, f"{len(records)} records")

    reply.bound = refuse
    with pytest.raises(UpstreamReplyTooLarge, match="3 records"):
        _ = reply.data
    with pytest.raises(Unfit):
        reply.fit_into(Form(list[int]))


def test_a_reply_as_a_shape_of_the_author() -> None:
    """And a family of shapes can be added."""
    assert Reply({"id": 7}).into(Product) == {"id": 7}
    assert Event(data=[{"id": 7}]).into(list[Product]) == [{"id": 7}]
    with pytest.raises(msgspec.ValidationError):
        Reply({"id": "seven"}).into(Product)

    class Own:
        """A shape that msgspec does not know."""

        def __init__(self, data: Any) -> None:
            self.data = data

    register_conversion(lambda shape: shape is Own, lambda data, shape: shape(data))
    assert Reply(3).into(Own).data == 3
