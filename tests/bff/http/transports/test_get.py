"""The operation in the URL."""

from __future__ import annotations

import pytest

from bff.http.responses.negotiate import EVENTS, GRAPHQL, JSON
from tests.bff.http.world import World


async def test_get_answers_queries(world: World) -> None:
    """And may be cached by what was accepted."""
    response = await world.client.get(f"{world.url}/graphql", params={"query": "{ hello }"})
    assert response.json() == {"data": {"hello": "hello world"}}
    assert response.headers["vary"] == "accept, x-client"
    assert world.gateway.requests[0].no_mutations


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, EVENTS, "*/*"])
async def test_get_changes_nothing(world: World, accept: str) -> None:
    """405 in every media type, with the method that would have worked."""
    response = await world.client.get(
        f"{world.url}/graphql", params={"query": "mutation { change }"}, headers={"accept": accept}
    )
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_a_link_with_a_query_is_answered_in_a_browser(world: World) -> None:
    """Not with GraphiQL: somebody wants to see the answer."""
    response = await world.client.get(
        f"{world.url}/graphql", params={"query": "{ hello }"}, headers={"accept": "text/html,*/*;q=0.8"}
    )
    assert response.headers["content-type"] == "application/json; charset=utf-8"
