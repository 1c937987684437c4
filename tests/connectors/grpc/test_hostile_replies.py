"""Large gRPC messages are scanned and parsed in pieces, and decoded in a thread: those that have a plain form, too.

Before, a Struct of 700,000 names kept the loop for 810 ms after it was parsed, parsing 8 MB of empty messages kept the
interpreter for 230 ms, and decoding 500 kB of them kept the loop for 170 ms.
"""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.struct_pb2 import Struct

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge
from connectors.grpc.decode_reply import decode_event, make_reply
from connectors.grpc.decode_wellknown import decode_struct
from connectors.grpc.operations import RpcOperation
from connectors.grpc.schema import Method, Schema
from connectors.messages.templates import Template
from tests.connectors.grpc.shop import FILES
from tests.connectors.watch import BOUND, outcome_of

OPERATION = Operation(upstream="shop", name="shop.Any/Get")
ECHO = Schema("shop", FILES).find_method(RpcOperation(upstream="shop", name="shop.Pricing/Echo", request=Template({})))
SIZE = 7_900_000


async def _read(method: Method, answer: bytes, max_values: int | None = None) -> Any:
    return await (await make_reply(OPERATION, method, answer, {}, max_values)).read()


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    message = Packed(value=content).SerializeToString()[1:]
    tag = number << 3 | 2
    return (bytes([tag]) if tag < 0x80 else bytes([tag & 0x7F | 0x80, tag >> 7])) + message


def pack(content: bytes) -> bytes:
    """An Any of an Everything."""
    return Packed(type_url="x/shop.Everything", value=content).SerializeToString()


EMPTY_PRICES = b"\x82\x01\x00" * (SIZE // 3)
HOSTILE = {
    "empty messages": EMPTY_PRICES,
    "in a message": field(24, EMPTY_PRICES),
    "in an Any": field(34, pack(EMPTY_PRICES)),
    "in an Any of two parts": field(34, b"\x0a\x11x/shop.Everything") + field(34, field(2, EMPTY_PRICES)),
    "packed": field(14, b"\x01" * SIZE),
    "empty texts": b"\xba\x02\x00" * (SIZE // 3),
    "values of a map": field(38, field(1, b"") + field(2, field(6, b"\x0a\x00" * (SIZE // 2)))),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("is_event", [False, True])
async def test_many_values_are_refused_before_they_are_parsed(kind: str, is_event: bool) -> None:
    """8 MB of each, whatever they are inside of."""
    answer = HOSTILE[kind]
    if is_event:
        outcome, longest = await outcome_of(lambda: decode_event(OPERATION, ECHO, answer, 1_000_000))
    else:
        outcome, longest = await outcome_of(lambda: _read(ECHO, answer, 1_000_000))
    assert isinstance(outcome, UpstreamReplyTooLarge)
    assert "more than 1000000 values, which is max_values" in str(outcome)
    assert longest < BOUND


@pytest.mark.parametrize("size", [90_000, 240_000, 490_000, 990_000])
async def test_what_is_not_refused_keeps_the_loop_shortly(size: int) -> None:
    """Those below the limit are parsed in pieces and decoded in a thread."""
    outcome, longest = await outcome_of(lambda: _read(ECHO, EMPTY_PRICES[: size // 3 * 3], 1_000_000))
    assert len(outcome["prices"]) == size // 3
    assert longest < BOUND


async def test_any_in_any_is_refused() -> None:
    """Each level would hold a copy of those within."""
    content = b"\x00" * 300_000
    for _ in range(50):
        content = field(34, pack(content))
    with pytest.raises(UpstreamBadReply, match="inside of each other"):
        await make_reply(OPERATION, ECHO, content, {})


@pytest.mark.parametrize("cut", [1, 200_001, 7_000_000])
async def test_a_broken_message_is_refused(cut: int) -> None:
    """Parsing says so, after a scan that ended early."""
    content = field(24, b"\x82\x01\x00" * 100_000) * 20
    outcome, _ = await outcome_of(
        lambda: _read(ECHO, content[:-cut] if cut == 1 else content[:cut] + b"\xff" * 300_000)
    )
    assert isinstance(outcome, Exception)
    assert not isinstance(outcome, UpstreamError | IndexError)


def method(parsed: Struct) -> Method:
    """A method whose replies are parsed already."""

    def fill_form(form: object, payload: object, at: tuple[str, ...]) -> None:
        """Not used."""

    return Method("/shop.Any/Get", lambda data: b"", lambda answer: parsed, decode_struct, fill_form)


@pytest.mark.parametrize("kind", ["reply", "event"])
async def test_a_large_struct_does_not_keep_the_loop(kind: str) -> None:
    """Read as a reply and as an event of a stream."""
    struct = Struct()
    for number in range(200_000):
        struct.fields[str(number)].number_value = 1
    answer = struct.SerializeToString()
    if kind == "reply":
        value, longest = await outcome_of(lambda: _read(method(struct), answer))
    else:
        value, longest = await outcome_of(lambda: decode_event(OPERATION, method(struct), answer))
    assert len(value) == 200_000
    assert longest < BOUND
