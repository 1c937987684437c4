"""Large gRPC messages are decoded in a thread: those that have a plain form, too.

Before, a Struct of 700,000 names kept the loop for 810 ms after it was parsed.
"""

from __future__ import annotations

import pytest
from google.protobuf.struct_pb2 import Struct

from connectors.contract import Operation
from connectors.grpc.decode_reply import decode_event, make_reply
from connectors.grpc.decode_wellknown import decode_struct
from connectors.grpc.schema import Method
from tests.connectors.watch import BOUND, outcome_of

OPERATION = Operation(upstream="shop", name="shop.Any/Get")


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
        value, longest = await outcome_of(lambda: make_reply(OPERATION, method(struct), answer, {}).read())
    else:
        value, longest = await outcome_of(lambda: decode_event(OPERATION, method(struct), answer))
    assert len(value) == 200_000
    assert longest < BOUND
