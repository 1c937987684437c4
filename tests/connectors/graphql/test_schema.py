"""Where the types of variables come from, and what is told when they come from nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.errors import DefinitionError, UpstreamUnauthenticated, UpstreamUnreachable
from connectors.graphql.endpoints import graphql
from connectors.testing import ManualClock
from tests.connectors.calls import call_of
from tests.connectors.conformance import free_port
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import SDL, Shop, graphql_response
from tests.connectors.http_world import Received, response

up = graphql("shop")


product = up.query("product(id: $id)", fields="id")


async def test_the_upstream_is_introspected_once(shop: Shop, connected: Connect) -> None:
    """At start; without a start, when the first call needs it."""
    connector = connected()
    for _ in range(2):
        assert (await connector.send(call_of(product, id="p1"))).data == {"id": "p1"}
    assert ["__schema" in each.json["query"] for each in shop.requests] == [True, False, False]


async def test_a_schema_file_goes_before_introspection(shop: Shop, connected: Connect, tmp_path: Path) -> None:
    """For upstreams that do not tell."""
    (tmp_path / "shop.graphql").write_text(SDL)
    connector = connected(schema=tmp_path / "shop.graphql")
    await connector.start()
    assert (await connector.send(call_of(product, id="p1"))).data == {"id": "p1"}
    assert len(shop.requests) == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"introspection": False}, "introspection: false"), ({}, "introspection failed: introspection is off")],
)
async def test_types_from_nowhere_are_told(shop: Shop, connected: Connect, options: Any, reason: str) -> None:
    """With the ways to give them. Starting is no failure, because other endpoints may work."""
    shop.introspectable = False
    connector = connected(**options)
    await connector.start()
    with pytest.raises(DefinitionError) as caught:
        await connector.send(call_of(product, id="p1"))
    for words in (reason, 'types={"id": "ID!"}', "schema: in bff.yaml", "shop: query product"):
        assert words in str(caught.value)
    assert shop.asked == []
    await connector.check()


async def test_a_refused_introspection_is_not_tried_for_every_call(shop: Shop, connected: Connect) -> None:
    """It would not get better so soon."""
    shop.introspectable = False
    connector = connected()
    for _ in range(3):
        with pytest.raises(DefinitionError):
            await connector.send(call_of(product, id="p1"))
    assert len(shop.requests) == 1


async def test_whoever_may_introspect_does(shop: Shop, connected: Connect) -> None:
    """Where start may not, a call with its headers may; one that may not does not spoil it for the others."""
    plain = shop.execute

    def only_for_ann(received: Received) -> Any:
        return plain(received) if received.headers.get("authorization") == "Ann" else response(b"", 401)

    shop.answer = only_for_ann
    connector = connected()
    await connector.start()
    with pytest.raises(UpstreamUnauthenticated):
        await connector.send(call_of(product, headers={"authorization": "Bob"}, id="p1"))
    assert (await connector.send(call_of(product, headers={"authorization": "Ann"}, id="p1"))).data == {"id": "p1"}


async def test_an_unreachable_upstream_fails_the_start(connected: Connect) -> None:
    """So that it is started again later."""
    with pytest.raises(UpstreamUnreachable):
        await connected(address=f"http://127.0.0.1:{free_port()}/graphql").start()


@pytest.mark.parametrize("answer", [{"data": {"__schema": {"types": 5}}}, {"data": {}}, {"data": {"__schema": None}}])
async def test_an_introspection_that_makes_no_schema_is_no_types(shop: Shop, connected: Connect, answer: Any) -> None:
    """Said with what was wrong."""
    shop.answer = lambda _: graphql_response(answer)
    connector = connected()
    await connector.start()
    with pytest.raises(DefinitionError, match="introspection failed"):
        await connector.send(call_of(product, id="p1"))


@pytest.mark.parametrize(("text", "words"), [(None, "cannot read schema:"), ("type Query {", "is not SDL")])
async def test_a_schema_file_that_cannot_be_used_is_told(
    connected: Connect, tmp_path: Path, text: str | None, words: str
) -> None:
    """With its path."""
    file = tmp_path / "shop.graphql"
    if text is not None:
        file.write_text(text)
    with pytest.raises(DefinitionError, match=words) as caught:
        await connected(schema=file).start()
    assert "shop.graphql" in str(caught.value)


async def test_a_field_that_the_upstream_learns_later_is_found(connected: Connect, tmp_path: Path) -> None:
    """The schema is fetched again when something is looked for that it did not have, but not for every call."""
    file = tmp_path / "shop.graphql"
    file.write_text("type Query { count: Int! }")
    clock = ManualClock()
    connector = connected(clock, schema=file)
    await connector.start()
    file.write_text(SDL)
    with pytest.raises(DefinitionError):
        await connector.send(call_of(product, id="p1"))
    clock.seconds += 31
    assert (await connector.send(call_of(product, id="p1"))).data == {"id": "p1"}
