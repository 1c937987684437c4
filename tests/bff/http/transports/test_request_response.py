"""GraphQL over HTTP: what each media type and method gets, status by status."""

from __future__ import annotations

import asyncio

import pytest

from bff.contract import Answer, Refused
from bff.http.options import Timeouts
from tests.bff.http.world import World, codes, connected, open_world, reply
from tests.waiting import until

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


async def test_get_answers_queries(world: World) -> None:
    """And may be cached by what was accepted."""
    response = await world.client.get(f"{world.url}/graphql", params={"query": "{ hello }"})
    assert response.json() == {"data": {"hello": "hello world"}}
    assert response.headers["vary"] == "accept"
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


async def test_a_client_that_hangs_up_cancels_its_answer(world: World) -> None:
    """Whether it waited for long or left at once."""
    world.gateway.delay = 30
    for patience in (0.01, 0.3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(world.post("{ hello }"), patience)
    await until(lambda: world.gateway.cancelled == len(world.gateway.requests) > 0)


async def test_a_slow_answer_comes_all_the_same(world: World) -> None:
    """Watching for a hang-up does not disturb it, nor the next request of the connection."""
    world.gateway.delay = 0.1
    for _ in range(3):
        assert (await world.post("{ hello }")).json() == {"data": {"hello": "hello world"}}
    assert world.gateway.cancelled == 0


async def test_a_body_in_many_pieces() -> None:
    """Is put together, up to the limit exactly."""
    async with open_world(max_body_size=1000) as world:

        async def pieces(total: int):
            text = b'{"query": "{ hello }", "x": "' + b"a" * (total - 31) + b'"}'
            assert len(text) == total
            for start in range(0, total, 100):
                yield text[start : start + 100]

        headers = {"content-type": JSON}
        for total, status in ((1000, 200), (1001, 413)):
            response = await world.client.post(f"{world.url}/graphql", content=pieces(total), headers=headers)
            assert response.status_code == status


async def test_a_length_beyond_the_limit_is_refused_unread(world: World) -> None:
    """Also one that no number type holds."""
    for length in (b"1000001", b"9" * 18):
        with connected(world) as client:
            client.sendall(
                b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
                + length
                + b"\r\n\r\n"
            )
            head = await reply(client)
        assert head.startswith(b"HTTP/1.1 413"), length


async def test_a_body_that_does_not_come() -> None:
    """Is not waited for for ever."""
    async with open_world(Timeouts(body=0.1)) as world:
        with connected(world) as client:
            client.sendall(
                b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
            )
            head = await reply(client)
        assert head.startswith(b"HTTP/1.1 408")
        assert b"REQUEST_TIMEOUT" in head
