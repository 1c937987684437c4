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


async def test_head_is_get_without_content(world: World) -> None:
    """The same status and headers; mutations are refused, and subscriptions are not begun."""
    url = world.url + "/graphql"
    for query in ("{ hello }", "mutation { change }", "{ nope }", "subscription { count(to: 2) }"):
        for accept in ("application/json", "application/graphql-response+json", "application/json, text/event-stream"):
            parameters = {"params": {"query": query}, "headers": {"accept": accept}}
            head = await world.client.head(url, **parameters)
            assert head.content == b""
            if "event-stream" in accept and "subscription" in query:
                assert head.headers["content-type"].startswith("application/json")
                continue
            got = await world.client.get(url, **parameters)
            assert head.status_code == got.status_code
            for name in ("content-type", "content-length", "etag", "cache-control", "vary", "allow"):
                assert head.headers.get(name) == got.headers.get(name), name
    assert world.gateway.streams == 0
    assert (await world.client.head(url, headers={"accept": "text/event-stream"})).status_code == 406


async def test_head_that_another_site_caused_is_refused(world: World) -> None:
    """As a GET is."""
    headers = {"sec-fetch-site": "cross-site", "accept": "application/json"}
    answer = await world.client.head(world.url + "/graphql", params={"query": "{ hello }"}, headers=headers)
    assert answer.status_code == 403
    assert not world.gateway.requests
