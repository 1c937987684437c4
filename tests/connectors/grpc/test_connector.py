"""Calls and batches of the gRPC connector against a real server."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc as library
import pytest
from msgspec.structs import replace

from connectors.contract import Call, Operation
from connectors.direct import Direct
from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.grpc.connector import GrpcConnector
from connectors.grpc.endpoints import grpc
from tests.connectors.conformance import free_port, in_time
from tests.connectors.grpc.shop import Shop, message_class, serving
from tests.connectors.grpc.wire import silent_server
from tests.waiting import GENEROUS, until

shop_api = grpc("shop")
prices = shop_api.unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, at="prices", key="sku")
echo = shop_api.unary("shop.Pricing/Echo", {"text": "{text?}", "inner": {"kind": "{kind?}"}, "packed": "{packed?}"})


def call(endpoint: Any, **arguments: Any) -> Call:
    """One call of an endpoint, in its single form."""
    return Call(operation=endpoint.operation, arguments=arguments)


async def test_a_batch_is_one_message_with_all_keys(shop: Shop, connector: GrpcConnector) -> None:
    """The keys fill the repeated field."""
    reply = await connector.send(Call(operation=prices.operation, keys=("A", "nothing", "B")))
    assert [price["sku"] for price in reply.data["prices"]] == ["A", "B"]
    assert list(shop.requests[0].skus) == ["A", "nothing", "B"]


async def test_an_endpoint_is_awaited_outside_of_the_gateway(shop: Shop) -> None:
    """The record of one key, or nothing."""
    async with Direct({"shop": shop.connector(reflection=True)}):
        assert (await prices(sku="B")).data == {"sku": "B", "amount": 250, "was": None}
        assert (await prices(sku="Z")).data is None


async def test_a_reply_brings_its_message_and_metadata(connector: GrpcConnector) -> None:
    """`payload` is the protobuf message; initial and trailing metadata are headers, bytes as base64."""
    reply = await connector.send(Call(operation=prices.operation, keys=("A",)))
    assert reply.payload.prices[0].amount == 100
    assert {name: reply.headers[name] for name in ("x-shop", "x-raw-bin", "x-took")} == {
        "x-shop": "one",
        "x-raw-bin": "AQI=",
        "x-took": "3",
    }


async def test_a_reply_may_be_a_message_with_a_plain_form(connector: GrpcConnector) -> None:
    """A Timestamp is text, also where it is the whole reply."""
    assert (await connector.send(call(shop_api.unary("shop.Pricing/Time")))).data == "1970-01-01T00:00:01.000000005Z"


async def test_an_optional_parameter_left_out_leaves_the_field_unset(shop: Shop, connector: GrpcConnector) -> None:
    """Neither empty text nor null is sent."""
    await connector.send(call(echo, text=None, kind="TOY"))
    (request,) = shop.requests
    assert not request.HasField("packed")
    assert request.text == ""
    assert request.inner.kind == 1


async def test_metadata_arrives_in_its_own_form(shop: Shop, connector: GrpcConnector) -> None:
    """`-bin` headers are base64 on our side and bytes on the other."""
    headers = {"x-tenant": "t1", "trace-bin": "AQI="}
    await connector.send(Call(operation=prices.operation, keys=("A",), headers=headers))
    assert shop.metadata["x-tenant"] == "t1"
    assert shop.metadata["trace-bin"] == b"\x01\x02"


async def test_a_header_that_cannot_be_metadata_is_refused(connector: GrpcConnector) -> None:
    """Before anything is sent, and without its value."""
    with pytest.raises(UpstreamRejected, match="printable ASCII") as caught:
        await connector.send(Call(operation=prices.operation, keys=("A",), headers={"x-name": "s3cret\n"}))
    assert "s3cret" not in str(caught.value)


async def test_a_value_that_does_not_fit_is_rejected(shop: Shop, connector: GrpcConnector) -> None:
    """The upstream never sees it."""
    with pytest.raises(UpstreamRejected, match=r'inner\.kind: is not a value of shop\.Kind; did you mean "TOY"\?'):
        await connector.send(call(echo, kind="TYO"))
    assert shop.requests == []


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        (shop_api.unary("shop.Pricing/GetPrice"), 'shop.Pricing has no method "GetPrice"; did you mean "GetPrices"?'),
        (shop_api.unary("shop.Prices/GetPrices"), 'there is no service "shop.Prices"; did you mean "shop.Pricing"?'),
        (shop_api.unary("zzz.Q/M"), 'there is no service "zzz.Q"; known are shop.Pricing'),
        (shop_api.unary("shop.Pricing/Watch"), "define it with .stream(...) instead of .unary(...)"),
        (shop_api.unary("shop.Pricing/Upload"), "takes a stream of requests, which is not supported"),
        (shop_api.unary("shop.Pricing/Echo", {"txet": "x"}), 'has no such field; did you mean "text"?'),
    ],
)
async def test_what_the_upstream_does_not_have(connector: GrpcConnector, endpoint: Any, says: str) -> None:
    """A mistake in the definition, with the nearest right name."""
    with pytest.raises(DefinitionError) as caught:
        await connector.send(call(endpoint))
    assert says in str(caught.value)


async def test_a_value_with_a_name_that_the_type_lacks_is_refused(connector: GrpcConnector) -> None:
    """A caller gave it, so it is no mistake of the definition."""
    whole = shop_api.unary("shop.Pricing/Echo", "{message}")
    with pytest.raises(UpstreamRejected, match=r'txet: shop\.Everything has no such field; did you mean "text"'):
        await connector.send(call(whole, message={"txet": "x"}))


async def test_an_operation_of_another_kind_is_a_mistake(connector: GrpcConnector) -> None:
    """An endpoint made by rest(...) cannot be sent here."""
    with pytest.raises(DefinitionError, match="was not defined with grpc"):
        await connector.send(Call(operation=Operation(upstream="shop", name="GET /")))


async def test_a_reply_without_a_plain_form_is_a_bad_reply(connector: GrpcConnector) -> None:
    """Found when decoded: here a time beyond the year 9999 inside of an Any."""
    stamp = message_class("google.protobuf.Timestamp")(seconds=2**50)
    wrapped = message_class("shop.Everything")()
    wrapped.packed.Pack(stamp)
    reply = await connector.send(call(echo))
    reply.payload.packed.ParseFromString(wrapped.packed.SerializeToString())
    with pytest.raises(UpstreamBadReply, match="no plain form"):
        _ = reply.data


async def test_any_inside_of_any_without_end_is_a_bad_reply(connector: GrpcConnector) -> None:
    """A small reply can be nested more deeply than anybody can follow."""
    reply = await connector.send(call(echo))
    inner = message_class("google.protobuf.Any")()
    for _ in range(3000):
        inner.value = inner.SerializeToString()
        inner.type_url = "x/google.protobuf.Any"
    reply.payload.packed.ParseFromString(inner.SerializeToString())
    with pytest.raises(UpstreamBadReply, match="no plain form"):
        _ = reply.data


async def test_without_start_the_first_calls_start_it_together(shop: Shop) -> None:
    """`send` does what nobody did before, once for all who wait."""
    connector = shop.connector()
    replies = await asyncio.gather(*(connector.send(Call(operation=prices.operation, keys=("A",))) for _ in range(5)))
    assert [reply.data["prices"][0]["amount"] for reply in replies] == [100] * 5
    await connector.close()


async def test_the_deadline_holds_for_starting_too() -> None:
    """An upstream that accepts connections and says nothing does not hold a call beyond its time."""
    async with silent_server() as port:
        connector = Shop().connector(address=f"127.0.0.1:{port}", reflection=True)
        began = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await connector.send(in_time(Call(operation=prices.operation, keys=("A",)), 0.3))
        assert 0.2 < time.monotonic() - began < GENEROUS
        await connector.close()


async def test_a_connection_that_is_never_made_is_given_up(shop: Shop) -> None:
    """`connect_timeout` ends the attempt, long before the deadline."""
    async with silent_server() as port:
        connector = shop.connector(address=f"127.0.0.1:{port}", connect_timeout="300ms")
        began = time.monotonic()
        with pytest.raises(UpstreamUnreachable):
            await connector.send(in_time(Call(operation=prices.operation, keys=("A",)), 10 * GENEROUS))
        assert time.monotonic() - began < GENEROUS
        await connector.close()


@pytest.mark.parametrize("source", [{}, {"reflection": True}], ids=["descriptors", "reflection"])
async def test_an_upstream_that_comes_up_late_is_found_soon(source: dict[str, Any]) -> None:
    """Unreachable first; within about a second after it listens, calls work."""
    shop, port = Shop(), free_port()
    connector = shop.connector(address=f"127.0.0.1:{port}", **source)
    ask = Call(operation=prices.operation, keys=("A",))
    for _ in range(3):
        with pytest.raises(UpstreamUnreachable):
            await connector.send(in_time(ask, GENEROUS))
    async with serving(shop, port=port, reflect=True):
        began = time.monotonic()
        while True:
            try:
                await connector.send(in_time(ask, GENEROUS))
                break
            except (UpstreamUnreachable, UpstreamUnavailable):
                await asyncio.sleep(0.02)
        assert time.monotonic() - began < 20  # gRPC's own pauses grow to two minutes
    await connector.close()


async def test_closing_ends_calls_under_way(shop: Shop, connector: GrpcConnector) -> None:
    """They fail as unreachable; their tasks are not taken for cancelled ones."""
    shop.mode = "hang"
    sending = asyncio.create_task(connector.send(Call(operation=prices.operation, keys=("A",))))
    await until(lambda: shop.requests)
    await connector.close()
    with pytest.raises(UpstreamUnreachable):
        await sending


async def test_closing_while_starting(shop: Shop) -> None:
    """Who waits for the start is told, and nothing is left running."""
    connector = shop.connector()
    sending = asyncio.create_task(connector.send(Call(operation=prices.operation, keys=("A",))))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await connector.close()
    with pytest.raises(UpstreamUnreachable):
        await sending
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "open shop"]


async def test_compressed_replies_are_for_those_who_ask(shop: Shop, connector: GrpcConnector) -> None:
    """Unpacking comes before measuring, so it is off; the error says how to switch it on."""
    shop.mode = "gzip"
    ask = Call(operation=prices.operation, keys=("A",) * 100)  # worth compressing
    with pytest.raises(UpstreamBadReply, match="set compression: true"):
        await connector.send(ask)
    trusting = shop.connector(compression=True)
    assert (await trusting.send(ask)).data["prices"][0]["amount"] == 100
    await trusting.close()


class Health:
    """grpc.health.v1.Health/Check in raw bytes."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.status = b"\x08\x01"

    def service(self, details: Any) -> Any:
        async def answer(request: bytes, context: Any) -> bytes:
            self.asked.append(request)
            return self.status

        is_check = details.method == "/grpc.health.v1.Health/Check"
        return library.unary_unary_rpc_method_handler(answer) if is_check else None


async def test_health_is_asked_where_it_is_offered() -> None:
    """NOT_SERVING is unavailable; SERVING is fine."""
    health = Health()
    async with serving(Shop(), health) as shop:
        connector = shop.connector(health="shop.Pricing")
        await connector.check()
        assert health.asked == [b"\x0a\x0cshop.Pricing"]
        health.status = b"\x08\x02"
        with pytest.raises(UpstreamUnavailable, match="not serving"):
            await connector.check()
        await connector.close()


async def test_a_connection_can_be_kept_alive(shop: Shop) -> None:
    """With pings, calls go on as without."""
    connector = shop.connector(keepalive_interval="10s")
    assert (await connector.send(Call(operation=prices.operation, keys=("A",)))).data["prices"]
    await connector.close()


async def test_a_call_in_the_past_is_not_sent(shop: Shop, connector: GrpcConnector) -> None:
    """It would only cost the upstream."""
    with pytest.raises(UpstreamTimeout):
        await connector.send(replace(Call(operation=prices.operation, keys=("A",)), deadline=time.monotonic() - 1))
    assert shop.requests == []
