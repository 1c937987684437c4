"""GraphQL over HTTP: what each media type and method gets, status by status."""

from __future__ import annotations

import pytest

from bff.contract import Answer, Refused
from tests.bff.http.world import World, codes, connected, reply

GRAPHQL, JSON, EVENTS = "application/graphql-response+json", "application/json", "text/event-stream"


@pytest.mark.parametrize(
    ("answer", "as_json", "as_graphql"),
    [
        (Answer(data={"a": 1}), 200, 200),
        (Answer(data={"a": None}, errors=[{"message": "m"}]), 200, 200),
        (Answer(data=None, errors=[{"message": "m"}]), 200, 200),
        (Answer(errors=[{"message": "m"}], was_executed=False, status=400), 200, 400),
        (Refused("UNAUTHENTICATED", "m", status=401).answer(), 401, 401),
        (Refused("TOO_MANY_REQUESTS", "m", status=429).answer(), 429, 429),
        (Refused("INTERNAL", "m", status=500).answer(), 500, 500),
    ],
)
async def test_statuses(world: World, answer: Answer, as_json: int, as_graphql: int) -> None:
    """A request error is 200 in application/json, where old clients read no body of a 400."""
    world.gateway.result = answer
    for accept, status in ((JSON, as_json), (GRAPHQL, as_graphql)):
        response = await world.post("{ hello }", accept=accept)
        assert response.status_code == status
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        assert response.json() == answer.body()


async def test_a_subscription_needs_events(world: World) -> None:
    """406 with what would have worked, and nothing is left running."""
    response = await world.post("subscription { count(to: 3) }", accept=JSON)
    assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])
    assert EVENTS in response.json()["errors"][0]["message"]
    assert world.gateway.streams == 0


async def test_unacceptable_types_are_refused_before_anything_runs(world: World) -> None:
    """406 and 415 cost nothing."""
    assert (await world.post("{ hello }", accept="image/png")).status_code == 406
    sent = await world.client.post(f"{world.url}/graphql", content=b"query=x")
    assert (sent.status_code, sent.headers["accept-post"]) == (415, JSON)
    assert world.gateway.requests == []


async def test_an_unknown_frontend_is_refused_before_the_body_is_read(world: World) -> None:
    """A stranger's megabytes are not worth waiting for."""
    with connected(world) as client:
        client.sendall(
            b"POST /graphql/nope HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n"
        )
        head = await reply(client)
    assert head.startswith(b"HTTP/1.1 404")
    assert b"UNKNOWN_FRONTEND" in head
