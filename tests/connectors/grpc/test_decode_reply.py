"""From the bytes of a message to a Reply."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError

from connectors.aio import cooperative
from connectors.errors import UpstreamBadReply
from connectors.grpc.decode_reply import LARGE_TYPED, decode_message, make_reply
from connectors.grpc.operations import RpcOperation
from connectors.grpc.schema import Schema
from connectors.messages.templates import Template
from tests.connectors.grpc.shop import FILES, message_class

OPERATION = RpcOperation(upstream="shop", name="shop.Pricing/GetPrices", request=Template({}))
METHOD = Schema("shop", FILES).find_method(OPERATION)
Reply = message_class(METHOD.parse(b"").DESCRIPTOR.full_name)


def serialize(count: int) -> bytes:
    message = Reply()
    for _ in range(count):
        message.prices.add(sku="A", amount=100)
    return message.SerializeToString()


async def test_a_reply_has_its_message_headers_and_data() -> None:
    """The data is decoded when it is asked for."""
    reply = await make_reply(OPERATION, METHOD, serialize(1), {"x": "y"})
    assert reply.headers == {"x": "y"}
    assert reply.payload.prices[0].sku == "A"
    assert reply.data["prices"] == [{"sku": "A", "amount": 100, "was": None}]


async def test_bytes_that_are_no_message_are_refused_at_once() -> None:
    """The connector translates the error."""
    with pytest.raises(DecodeError):
        await make_reply(OPERATION, METHOD, b"\xff", {})


async def test_a_large_reply_is_decoded_in_slices_and_fills_no_form() -> None:
    """A small one has neither."""
    small, large = serialize(1), serialize(200_000)
    assert len(large) > max(cooperative.LARGE, LARGE_TYPED)
    assert not hasattr((await make_reply(OPERATION, METHOD, small, {}))._decode, "in_slices")
    reply = await make_reply(OPERATION, METHOD, large, {})
    assert hasattr(reply._decode, "in_slices")
    assert reply._fit is None
    assert len((await reply.read())["prices"]) == 200_000


def test_a_value_without_a_plain_form_is_a_bad_reply() -> None:
    """What the decoder raises is the cause."""

    class Broken:
        def decode(self, message: object) -> object:
            raise ValueError("a year of five digits")

    with pytest.raises(UpstreamBadReply, match="no plain form: a year of five digits"):
        decode_message(OPERATION, Broken(), Reply())  # type: ignore[arg-type]
