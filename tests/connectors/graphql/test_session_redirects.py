"""Redirects within the upstream's origin."""

from __future__ import annotations

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamError
from connectors.graphql.connector import connect
from connectors.graphql.endpoints import graphql
from connectors.graphql.options import Options
from connectors.graphql.session_redirects import find_redirect
from connectors.transport import HttpReply
from tests.connectors.calls import call_of, leaves
from tests.connectors.graphql.shop import Shop
from tests.connectors.http_world import HttpWorld, Received, Say, response

query = Operation(upstream="shop", name="query")
mutation = Operation(upstream="shop", name="mutation", is_safe=False)
product = graphql("shop").query("product(id: $id)")


@pytest.mark.parametrize(
    ("status", "location", "operation", "target"),
    [
        (301, "/v2", query, "http://a.example/v2"),
        (302, "http://a.example:80/v2", query, "http://a.example:80/v2"),
        (307, "/v2", mutation, "http://a.example/v2"),
        (308, "v2?x=1", mutation, "http://a.example/v2?x=1"),
        (301, "/v2", mutation, None),
        (303, "/v2", query, None),
        (308, "http://b.example/v2", query, None),
        (308, "https://a.example/v2", query, None),
        (308, "http://a.example:81/", query, None),
        (308, "http://[", query, None),
        (308, "", query, None),
        (200, "/v2", query, None),
    ],
)
def test_only_the_same_origin_is_followed(status: int, location: str, operation: Operation, target: str | None) -> None:
    """And a mutation only where the upstream says that the method stays."""
    assert (
        find_redirect(operation, "http://a.example/graphql", HttpReply(status, {"location": location}, b"")) == target
    )


async def test_introspection_and_queries_are_redirected(shop: Shop) -> None:
    """With their headers; a circle ends."""
    seen: list[tuple[str, str]] = []

    def redirect(received: Received) -> Say:
        seen.append((received.target, received.headers.get("authorization", "")))
        if received.target == "/graphql":
            return response(b"", 308, location="/moved")
        if received.target == "/round":
            return response(b"", 308, location="/round")
        return shop.execute(received)

    async with HttpWorld(redirect) as world:
        connector = connect("shop", Options(address=f"{world.url}/graphql"))
        connector.set_fixed_headers({"authorization": "Bearer t"})
        await connector.start()
        reply = await connector.send(call_of(product, id="p1", selection=leaves("title")))
        assert reply.data == {"title": "Title of p1"}
        assert [target for target, _ in seen] == ["/graphql", "/moved"] * 2
        assert seen[1] == ("/moved", "Bearer t")
        await connector.check()
        assert seen[-1] == ("/moved", "Bearer t")
        await connector.close()
        circle = connect("shop", Options(address=f"{world.url}/round"))
        with pytest.raises(UpstreamError):
            await circle.check()
        await circle.close()
