"""What is sent, what is sent again for calls that shared a request, and when the upstream is up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.contract import Call, Reply, Selection
from connectors.errors import (
    UpstreamError,
    UpstreamFailed,
    UpstreamRejected,
    UpstreamUnauthenticated,
    UpstreamUnreachable,
)
from tests.connectors.calls import call_of
from tests.connectors.conformance import free_port
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.sending import failure, product, up
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_world import response

title = Selection((("title", None),))


async def test_null_that_spreads_to_the_top_hits_only_who_caused_it(shop: Shop, connected: Connect) -> None:
    """A merged request loses all data to one field that may not be null; the others ask again, each alone and once."""
    connector = connected()
    await connector.start()
    safe = up.query("safeProduct(id: $id)", fields="id")
    lost, good, other = await asyncio.gather(
        connector.send(call_of(safe, id="lost")),
        connector.send(call_of(safe, id="p1")),
        connector.send(call_of(product, id="p2")),
        return_exceptions=True,
    )
    assert isinstance(lost, UpstreamFailed)
    assert isinstance(good, Reply)
    assert isinstance(other, Reply)
    assert (good.data, other.data) == ({"id": "p1"}, {"id": "p2"})
    assert len(shop.asked) == 3


async def test_a_document_spoilt_by_one_is_sent_again_for_the_others(shop: Shop, connected: Connect) -> None:
    """Validation refuses documents as a whole, for one wrong field."""
    connector = connected()
    await connector.start()
    bad, good = await asyncio.gather(
        connector.send(call_of(product, id="p1", selection=Selection((("titel", None),)))),
        connector.send(call_of(product, id="p1", selection=title)),
        return_exceptions=True,
    )
    assert isinstance(bad, UpstreamRejected)
    assert "Did you mean 'title'" in str(bad)
    assert isinstance(good, Reply)
    assert good.data == {"title": "Title of p1"}
    assert len(shop.asked) == 3


async def test_who_may_not_ask_does_not_ask_again(shop: Shop, connected: Connect) -> None:
    """Nothing gets better by asking for each by itself; each error is about its own operation."""
    error = {"message": "who are you?", "extensions": {"code": "UNAUTHENTICATED"}}
    shop.answer = lambda _: graphql_response({"errors": [error]}, 401)
    connector = connected(introspection=False)
    count = up.query("count")
    errors = await asyncio.gather(
        connector.send(call_of(product, id="p1")), connector.send(call_of(count)), return_exceptions=True
    )
    assert [type(each) for each in errors] == [UpstreamUnauthenticated] * 2
    assert [each.operation for each in errors if isinstance(each, UpstreamError)] == [
        product.operation,
        count.operation,
    ]
    assert len(shop.requests) == 1


async def test_the_request_says_what_it_takes(shop: Shop, connected: Connect) -> None:
    """Whatever headers a policy hands on."""
    call = Call(operation=product.operation, arguments={"id": "p1"}, headers={"accept": "text/html"})
    await connected(introspection=False).send(call)
    headers = shop.requests[-1].headers
    assert headers["accept"] == "application/graphql-response+json, application/json;q=0.9"
    assert headers["content-type"] == "application/json"


async def test_a_lost_request_is_told_of_each_operation_in_it(connected: Connect) -> None:
    """Nobody reads somebody else's name in an error."""
    connector = connected(address=f"http://127.0.0.1:{free_port()}/graphql")
    count = up.query("count")
    errors = await asyncio.gather(
        connector.send(call_of(product, id="p1")),
        connector.send(call_of(up.query("product(id: $id)", fields="id", types={"id": "ID!"}), id="p1")),
        return_exceptions=True,
    )
    told = [each.operation for each in errors if isinstance(each, UpstreamUnreachable)]
    assert len(told) == 2
    assert told[0] is product.operation
    assert told[1] is not product.operation
    assert type(await failure(connector, call_of(count))) is UpstreamUnreachable


@pytest.mark.parametrize("status", [401, 403])
async def test_an_upstream_that_asks_who_is_there_is_up(shop: Shop, connected: Connect, status: int) -> None:
    """The check has no credentials, calls have."""
    shop.answer = lambda _: response(b"", status)
    await connected().check()


@pytest.mark.parametrize(
    "answer", [response(b"", 404), response(b"<html>"), graphql_response({"errors": [{"message": "no"}]})]
)
async def test_an_upstream_that_speaks_no_graphql_is_not_up(shop: Shop, connected: Connect, answer: Any) -> None:
    """Such as a wrong path."""
    shop.answer = lambda _: answer
    with pytest.raises(UpstreamError):
        await connected().check()
