"""Types from server reflection, and what is said when it is missing, broken or without end."""

from __future__ import annotations

from typing import Any

import grpc as library
import msgspec
import pytest
from grpc_reflection.v1alpha import reflection, reflection_pb2

from connectors.contract import Operation
from connectors.direct import Direct
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamFailed, UpstreamUnauthenticated
from connectors.grpc.endpoints import grpc
from connectors.grpc.schema_reflection import reflect
from tests.connectors.calls import call_of
from tests.connectors.grpc.shop import POOL, Shop, serving
from tests.waiting import GENEROUS

prices = grpc("shop").unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, at="prices", key="sku")


async def test_types_come_from_reflection_v1alpha(shop: Shop) -> None:
    """What older servers offer, found when v1 is refused."""
    async with Direct({"shop": shop.connector(reflection=True)}):
        assert (await prices(sku="A")).data["amount"] == 100


async def test_types_come_from_reflection_v1() -> None:
    """The current version is asked first."""
    v1 = Reflection("v1")
    async with serving(Shop(), v1) as shop, Direct({"shop": shop.connector(reflection=True)}):
        assert (await prices(sku="A")).data["amount"] == 100
    assert v1.asked > 1


async def test_a_small_max_reply_does_not_hinder_reflection() -> None:
    """Descriptors are no replies."""
    async with (
        serving(Shop(), reflect=True) as shop,
        Direct({"shop": shop.connector(reflection=True, max_reply_size=20)}),
    ):
        assert (await prices(sku="A")).data["amount"] == 100


async def test_a_server_without_reflection_is_named_as_such() -> None:
    """With what to do about it; the next start may succeed, when the server has changed."""
    async with serving(Shop()) as shop:
        connector = shop.connector(reflection=True)
        with pytest.raises(UpstreamFailed, match="does not offer reflection; switch it on there, or give protos"):
            await connector.start()
        await connector.close()


@pytest.mark.parametrize("answer", [b"\xff\xff", None], ids=["garbage", "none"])
async def test_reflection_that_makes_no_sense_is_a_bad_reply(answer: bytes | None) -> None:
    """It is an answer of the upstream like any other."""
    async with serving(Shop(), Reflection("v1", answer=answer)) as shop:
        connector = shop.connector(reflection=True)
        with pytest.raises(UpstreamBadReply):
            await connector.start()
        await connector.close()


async def test_reflection_that_never_ends_is_stopped() -> None:
    """An upstream cannot make the gateway collect files for ever."""
    operation = Operation(upstream="shop", name="reflection")
    async with serving(Shop(), Reflection("v1")) as shop, library.aio.insecure_channel(shop.address) as channel:
        with pytest.raises(UpstreamBadReply, match="more than 3 files"):
            await reflect(channel, operation, seconds=GENEROUS, max_files=3)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_has_the_headers_of_bff_yaml(version: str) -> None:
    """So have checks; a server that refuses without them is no mistake of the types."""
    guarded = Reflection(version, token="Bearer t")
    async with serving(Shop(), guarded) as shop:
        connector = shop.connector(reflection=True)
        with pytest.raises(UpstreamUnauthenticated, match="no token"):
            await connector.start()
        connector.set_fixed_headers({"authorization": "Bearer t", "trace-bin": "AAE="})
        async with Direct({"shop": connector}):
            assert (await prices(sku="A")).data["amount"] == 100


async def test_a_caller_may_have_the_credentials() -> None:
    """Where bff.yaml only forwards them, the first call reflects with its own."""
    async with serving(Shop(), Reflection("v1", token="Bearer of caller")) as shop:
        connector = shop.connector(reflection=True)
        with pytest.raises(UpstreamUnauthenticated):
            await connector.send(call_of(prices, "A"))
        reply = await connector.send(
            msgspec.structs.replace(call_of(prices, "A"), headers={"authorization": "Bearer of caller"})
        )
        assert reply.data
        await connector.close()


async def test_a_header_that_cannot_be_metadata_is_named() -> None:
    """With the name and never the value."""
    shop = Shop()
    shop.port = 9
    connector = shop.connector(reflection=True)
    connector.set_fixed_headers({"x-key": "sécret"})
    with pytest.raises(DefinitionError, match="x-key") as caught:
        await connector.start()
    assert "sécret" not in str(caught.value)
    await connector.close()


class Reflection(library.GenericRpcHandler):
    """Server reflection under a name of our choice, or something that only looks like it."""

    def __init__(self, version: str, answer: bytes | None = b"", token: str = "") -> None:
        self.asked = 0
        self._token = token
        self._path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        self._servicer = reflection.ReflectionServicer(["shop.Pricing"], pool=POOL)
        self._answer = answer

    def service(self, details: Any) -> Any:
        return library.stream_stream_rpc_method_handler(self.answer) if details.method == self._path else None

    async def answer(self, questions: Any, context: Any) -> Any:
        self.asked += 1
        if self._token and dict(context.invocation_metadata()).get("authorization") != self._token:
            await context.abort(library.StatusCode.UNAUTHENTICATED, "no token")
        async for question in questions:
            if self._answer:
                yield self._answer
            if self._answer == b"":
                parsed = reflection_pb2.ServerReflectionRequest.FromString(question)
                for reply in self._servicer.ServerReflectionInfo(iter([parsed]), context):
                    yield reply.SerializeToString()
