"""`limits.max_cpu`: an operation that takes more CPU time is cut, in whatever way it is run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend
from bff.contract import Answer, Increments, Parts, Request
from tests.bff.fakes import gateway

LIMITS = {"max_cpu": 0.1}
REFERENCE = {"engine": "reference"}
ended: list[str] = []


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@strawberry.type
class Item:
    number: int

    @strawberry.field
    def label(self) -> str:
        return str(self.number)

    @strawberry.field
    async def slow(self) -> str:
        try:
            for _ in range(100):
                burn(0.005)
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            ended.append("slow")
            raise
        return str(self.number)

    @strawberry.field
    async def late(self) -> str:
        burn(0.02)
        await asyncio.sleep(0)
        burn(0.2)
        return str(self.number)


@strawberry.type
class Query:
    @strawberry.field
    async def items(self) -> list[Item]:
        return [Item(number=number) for number in range(3)]

    @strawberry.field
    def item(self) -> Item:
        return Item(number=1)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def numbers(self) -> AsyncGenerator[Item, None]:
        for number in range(3):
            burn(0.06)
            await asyncio.sleep(0)
            yield Item(number=number)


schema = frontend(query=Query, subscription=Subscription)


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer.errors]


@pytest.mark.parametrize("options", [{}, REFERENCE])
async def test_a_query_is_cut(options: dict[str, Any]) -> None:
    """No data, one coded error, and what it had started is cancelled."""
    ended.clear()
    app = gateway(schema, limits=LIMITS, options=options)
    query = "{ items { slow } }" if not options else "{ item { slow } }"
    answer = await app.answer(Request(frontend="app", query=query))
    assert isinstance(answer, Answer)
    assert (codes(answer), answer.data) == (["TOO_MUCH_CPU"], None)
    assert ended


@pytest.mark.parametrize("options", [{}, REFERENCE])
async def test_a_query_is_cut_in_its_last_step(options: dict[str, Any]) -> None:
    """The cancellation ends with the operation: the response, which is sent by the same task, is not cut."""
    app = gateway(schema, limits=LIMITS, options=options)
    answer = await app.answer(Request(frontend="app", query="{ item { late } }"))
    await asyncio.sleep(0)
    assert isinstance(answer, Answer)
    assert (codes(answer), answer.data) == (["TOO_MUCH_CPU"], None)


async def test_a_query_within_the_limit_is_answered() -> None:
    """And one without a limit, whatever it takes."""
    query = Request(frontend="app", query="{ items { label } item { slow } }")
    answer = await gateway(schema, limits={"max_cpu": None}).answer(query)
    assert isinstance(answer, Answer)
    assert not answer.errors
    assert answer.data["item"]["slow"] == "1"


async def test_parts_are_cut() -> None:
    """The first part was sent; the last one has the error."""
    app = gateway(schema, limits=LIMITS)
    query = "{ items { label } ... @defer { item { slow } } }"
    answer = await app.answer(Request(frontend="app", query=query, increments=Increments.PATHS))
    assert isinstance(answer, Parts)
    parts = [answer.first.body(), *[part.body() async for part in answer.more]]
    assert parts[0]["data"]["items"][0] == {"label": "0"}
    assert "TOO_MUCH_CPU" in str(parts[-1])
    assert parts[-1]["hasNext"] is False


async def test_each_event_has_the_whole_limit() -> None:
    """A subscription may take more in sum; an event that takes too much is the last."""
    app = gateway(schema, limits=LIMITS)
    answers = await app.answer(Request(frontend="app", query="subscription { numbers { label } }"))
    assert isinstance(answers, AsyncGenerator)
    assert [answer.data["numbers"]["label"] async for answer in answers] == ["0", "1", "2"]
    answers = await app.answer(Request(frontend="app", query="subscription { numbers { slow } }"))
    assert isinstance(answers, AsyncGenerator)
    assert [codes(answer) async for answer in answers] == [["TOO_MUCH_CPU"]]
