"""POST with JSON: the media type, and what the body may be."""

from __future__ import annotations

import pytest

from tests.bff.http.world import World, codes


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF8"]
)
async def test_json_in_utf8(world: World, content_type: str) -> None:
    """However it is written."""
    headers = {"content-type": content_type}
    answer = await world.client.post(f"{world.url}/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert answer.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_other_types(world: World, content_type: str) -> None:
    """415, also for what a form of another site could send; nothing runs."""
    headers = {"content-type": content_type}
    answer = await world.client.post(f"{world.url}/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert (answer.status_code, codes(answer)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])
    assert answer.headers["accept-post"] == "application/json"
    assert world.gateway.requests == []


async def test_one_operation_or_an_array(world: World) -> None:
    """An array only where batches are enabled."""
    one = {"query": "{ hello }"}
    answer = await world.client.post(f"{world.url}/graphql", json=[one])
    assert (answer.status_code, codes(answer)) == (400, ["BATCHING_DISABLED"])
    world.gateway.batch = 2
    answer = await world.client.post(f"{world.url}/graphql", json=[one, one])
    assert answer.json() == [{"data": {"hello": "hello world"}}] * 2
