"""Direct: endpoints without the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Call, Event, Operation
from connectors.direct import Direct, make_call, point_event
from connectors.endpoint import Batch, Endpoint, PublishEndpoint, StreamEndpoint, current_scope
from connectors.errors import DefinitionError, UpstreamFailed
from connectors.testing import Fakes

READ = Operation(upstream="catalog", name="products")


def endpoint(*, at: str | None = None, many_at: str | None = None, single: bool = True, **batch: Any) -> Endpoint:
    batching = Batch(**{"parameter": "id", **batch}) if batch else None
    return Endpoint(READ, {"id": True, "lang": False}, at=at, many_at=many_at, batch=batching, has_single_form=single)


@pytest.mark.parametrize(
    ("asked", "call"),
    [
        (endpoint(), Call(operation=READ, arguments={"id": 1, "lang": "de"})),
        (endpoint(key=("id",)), Call(operation=READ, arguments={"id": 1, "lang": "de"})),
        (endpoint(key=("id",), single=False), Call(operation=READ, arguments={"lang": "de"}, keys=(1,))),
    ],
    ids=["no-batch", "single-form", "only-many"],
)
def test_one_ask_is_one_call(asked: Endpoint, call: Call) -> None:
    """In the single form where there is one."""
    assert make_call(asked, {"id": 1, "lang": "de"}, None) == call


def test_events_are_pointed_too() -> None:
    """Nothing but the data changes."""
    event = Event(data={"a": {"b": 1}}, topic="t", id="7")
    assert point_event(event, ("a", "b")) == Event(data=1, topic="t", id="7")
    assert point_event(event, ()) is event


async def test_direct_carries_out_everything() -> None:
    """Calls, streams and messages, each at its upstream; afterwards nobody does."""
    ticks = StreamEndpoint(Operation(upstream="ticker", name="ticks"), {}, at="data")
    placed = PublishEndpoint(Operation(upstream="orders", name="placed"), {})
    product = endpoint(at="item")
    up = Fakes("catalog", "ticker", "orders")
    up.catalog["products"] = {"item": {"id": 1}}
    up.ticker["ticks"] = [{"data": 1}, {"data": 2}]
    async with Direct(up):
        assert (await product(id=1)).data == {"id": 1}
        assert [event.data async for event in ticks()] == [1, 2]
        await placed({"id": 1})
    assert up.calls == ["catalog: products", "ticker: ticks", "orders: placed"]
    assert current_scope.get() is None


async def test_an_upstream_that_is_not_connected_is_named() -> None:
    """With those that are."""
    async with Direct(Fakes("pricing", "orders")):
        with pytest.raises(DefinitionError, match=r'"catalog".*orders, pricing'):
            await endpoint()(id=1)


async def test_direct_raises_what_is_the_answer_to_its_key() -> None:
    """As the gateway does."""
    up = Fakes("catalog")
    up.catalog["products"] = [UpstreamFailed(READ, "no luck")]
    async with Direct(up):
        with pytest.raises(UpstreamFailed):
            await endpoint(limit=5, single=False)(id=1)
