"""Whatever is deferred or streamed: all parts together are the answer without the directives."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import strawberry
from graphql import GraphQLError, parse, validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bff.authoring import frontend, via
from bff.contract import Answer, Increments, Parts, Request
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from tests.bff.engine.merging import merged
from tests.bff.fakes import FakeUpstream, batched, gateway

stock_of = batched("shop: stock", parameter="sku", key="")


@strawberry.interface
class Thing:
    sku: str
    size: int

    @strawberry.field
    async def later(self) -> str:
        for _ in range(self.size):
            await asyncio.sleep(0)
        return f"later {self.sku}"

    @strawberry.field
    def broken(self) -> str | None:
        if self.size % 2:
            raise GraphQLError("odd")  # said on purpose: not logged
        return None

    stock: int | None = via(stock_of, sku="sku")

    @strawberry.field
    async def inside(self) -> list[Thing]:
        return things(self.sku, self.size - 1)

    @strawberry.field
    def first(self) -> Thing | None:
        return next(iter(things(self.sku, self.size - 1)), None)


@strawberry.type
class Box(Thing):
    lid: str = "round"


@strawberry.type
class Bag(Thing):
    handle: str = "long"


def things(prefix: str, count: int) -> list[Thing]:
    kinds = (Box, Bag)
    return [kinds[index % 2](sku=f"{prefix}{index}", size=count - index) for index in range(count)]


@strawberry.type
class Query:
    @strawberry.field
    def things(self) -> list[Thing]:
        return things("t", 3)

    @strawberry.field
    async def thing(self) -> Thing:
        await asyncio.sleep(0)
        return things("o", 4)[0]


SCHEMA = frontend(query=Query, types=[Box, Bag])
CORE = make_frontend("app", Options.model_validate({"schema": "tests"}), SCHEMA).core


@st.composite
def selections(draw: st.DrawFn, depth: int, on: str = "Thing") -> str:
    """What is asked of a thing."""
    leaves = ["sku", "size", "later", "broken", "stock", "__typename"]
    leaves += {"Box": ["lid"], "Bag": ["handle"]}.get(on, [])
    found = draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=3))
    if depth:
        for kind in draw(st.lists(st.sampled_from(["inside", "first", "on", "defer", "defer", "spread"]), max_size=3)):
            match kind:
                case "inside":
                    count = draw(st.integers(0, 2))
                    stream = draw(st.sampled_from(["", f"@stream(initialCount: {count})"]))
                    found.append(f"inside {stream} {{ {draw(selections(depth - 1))} }}")
                case "first":
                    found.append(f"first {{ {draw(selections(depth - 1))} }}")
                case "spread":
                    found.append(draw(st.sampled_from(["...Small", "...Small @defer", "...Large @defer"])))
                case _:
                    condition = draw(st.sampled_from(["Thing", "Box", "Bag"])) if on == "Thing" else on
                    defer = "@defer" if kind == "defer" else ""
                    found.append(f"... on {condition} {defer} {{ {draw(selections(depth - 1, condition))} }}")
    return " ".join(found)


FRAGMENTS = """
    fragment Small on Thing { sku stock }
    fragment Large on Thing { size first { later ...Small } many: inside @stream(initialCount: 1) { sku later } }
"""


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query with fragments, some of which are deferred, and lists, some of which are streamed."""
    roots = draw(st.lists(st.sampled_from(["things", "thing", "things @stream"]), min_size=1, max_size=2))
    fields = [f"r{index}: {root} {{ {draw(selections(3))} }}" for index, root in enumerate(roots)]
    if draw(st.booleans()):
        fields.append(f"... @defer {{ r0: {roots[0]} {{ {draw(st.sampled_from(['sku', 'first { size }']))} }} }}")
    text = "{ " + " ".join(fields) + " }"
    used = [name for name in ("Small", "Large") if f"...{name}" in text] or []
    needed = {"Small"} if used == ["Small"] else {"Small", "Large"} if used else set[str]()
    text += "".join(line for line in FRAGMENTS.splitlines() if any(f" {name} on" in line for name in needed))
    assume(not validate(CORE, parse(text)))  # one field may not be streamed in two ways
    return text


@settings(max_examples=60, derandomize=True, deadline=None)
@given(queries())
def test_all_parts_together_are_the_whole_answer(query: str) -> None:
    """Data and errors, in both forms."""
    asyncio.run(_compare(query))


async def _compare(query: str) -> None:
    app = gateway(
        SCHEMA, timeout=60, limits={"max_tokens": 10_000}, shop=FakeUpstream(lambda call: dict.fromkeys(call.keys, 1))
    )
    whole = await app.answer(Request(frontend="app", query=query))
    assert isinstance(whole, Answer)
    assert whole.was_executed, whole.errors
    for increments in Increments:
        answer = await app.answer(Request(frontend="app", query=query, increments=increments))
        if isinstance(answer, Parts):
            parts = [answer.first.body(), *[part.body() async for part in answer.more]]
            data, errors = merged(json.loads(json.dumps(parts)))
        else:
            assert isinstance(answer, Answer)
            data, errors = answer.data, answer.errors
        assert data == whole.data
        assert _paths(errors) == _paths(whole.errors)


def _paths(errors: Any) -> list[str]:
    return sorted(str(error["path"]) for error in errors)
