"""Batches: bounded, answered in order, each operation with its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bff.contract import Answer, Answers, Request
from tests.bff.http.world import World, codes, open_world
from tests.waiting import GENEROUS, until

GRAPHQL, JSON, EVENTS = "application/graphql-response+json", "application/json", "text/event-stream"
HELLO = {"query": "{ hello }"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A gateway that takes three operations at once."""
    async with open_world() as made:
        made.gateway.batch = 3
        yield made


async def send(world: World, batch: Any, accept: str = JSON, path: str = "/graphql") -> httpx.Response:
    """POST anything."""
    return await world.client.post(world.url + path, json=batch, headers={"accept": accept})


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_answers_come_in_order(world: World, accept: str) -> None:
    """As an array, with the errors of each at its place."""
    named = {"query": "query ($n: String!) { hello(name: $n) }", "variables": {"n": "Ada"}}
    response = await send(world, [named, {"query": "{ nope }"}, HELLO], accept)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{accept}; charset=utf-8")
    first, second, third = response.json()
    assert (first, third) == ({"data": {"hello": "hello Ada"}}, {"data": {"hello": "hello world"}})
    assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in second


async def test_they_run_at_the_same_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits here until all are there."""
    everyone = asyncio.Barrier(3)

    async def answer(request: Request) -> Answer | Answers:
        await everyone.wait()
        return Answer(data={"query": request.query})

    monkeypatch.setattr(world.gateway, "answer", answer)
    response = await asyncio.wait_for(send(world, [{"query": str(each)} for each in range(3)]), GENEROUS)
    assert [each["data"]["query"] for each in response.json()] == ["0", "1", "2"]


async def test_an_element_at_fault_is_its_own_matter(world: World) -> None:
    """Also when it is no request at all, or is a batch again."""
    for element, code in ((7, "BAD_REQUEST"), ({}, "BAD_REQUEST"), ([HELLO], "BAD_REQUEST")):
        response = await send(world, [HELLO, element])
        assert response.status_code == 200
        first, second = response.json()
        assert first == {"data": {"hello": "hello world"}}
        assert second["errors"][0]["extensions"]["code"] == code


async def test_a_failure_of_one_is_masked_and_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are answered."""
    run = world.gateway._run

    async def answer(request: Request) -> Answer | Answers:
        if request.query == "fail":
            raise RuntimeError("secret")
        return await run(request)

    monkeypatch.setattr(world.gateway, "answer", answer)
    response = await send(world, [{"query": "fail"}, HELLO])
    first, second = response.json()
    assert (first["errors"][0]["extensions"]["code"], second["data"]) == ("INTERNAL", {"hello": "hello world"})
    assert "secret" not in response.text


async def test_a_subscription_is_refused(world: World) -> None:
    """And nothing is left of it."""
    response = await send(world, [{"query": "subscription { count(to: 3) }"}, HELLO])
    first, second = response.json()
    assert first["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_IN_BATCH"
    assert second == {"data": {"hello": "hello world"}}
    assert (world.gateway.streams, world.gateway.events) == (0, 0)


@pytest.mark.parametrize(
    ("batch", "path", "code"),
    [
        ([], "/graphql", "BAD_REQUEST"),
        ([HELLO] * 4, "/graphql", "BATCH_TOO_LARGE"),
        ([HELLO], "/graphql/phone", "BATCHING_DISABLED"),
        ([], "/graphql/phone", "BATCHING_DISABLED"),
    ],
)
async def test_a_batch_that_is_refused(world: World, batch: Any, path: str, code: str) -> None:
    """As a whole, before anything runs, with the limit and the value."""
    response = await send(world, batch, path=path)
    assert (response.status_code, codes(response)) == (400, [code])
    if code == "BATCH_TOO_LARGE":
        assert "has 4 operations; at most 3" in response.text
    assert world.gateway.requests == []


async def test_a_batch_is_not_a_stream(world: World) -> None:
    """406 for who accepts events only."""
    assert codes(await send(world, [HELLO], EVENTS)) == ["NOT_ACCEPTABLE"]


async def test_hanging_up_cancels_all(world: World) -> None:
    """Nothing runs on for nobody."""
    world.gateway.delay = 60
    sending = asyncio.create_task(send(world, [HELLO] * 3))
    await until(lambda: len(world.gateway.requests) == 3)
    sending.cancel()
    await asyncio.wait([sending])
    await until(lambda: world.gateway.cancelled == 3)
