"""The reference engine: graphql-core's own executor, with the document of the plan."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import strawberry
from graphql import parse
from strawberry.extensions import SchemaExtension

from bff.authoring import Context
from bff.engine.adapters import reference


@strawberry.type
class Query:
    @strawberry.field
    def word(self, times: int = 1) -> str:
        return "word " * times

    @strawberry.field
    async def slow(self) -> str:
        return "slow"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        for number in range(2):
            yield number


def adopted(**options: Any) -> strawberry.Schema:
    schema = strawberry.Schema(Query, subscription=Subscription, **options)
    reference.adopt(schema)
    return schema


async def test_it_runs_the_document_of_the_context() -> None:
    """Not the text, which was parsed and validated before."""
    context = Context(document=parse("query ($n: Int!) { word(times: $n) }"))
    result = await reference.run(adopted(), "{ not even valid", {"n": 2}, None, context)
    assert (result.data, result.errors) == ({"word": "word word "}, None)


async def test_without_a_document_the_text_counts() -> None:
    """As with strawberry alone."""
    result = await reference.run(adopted(), "{ no }", None, None, Context())
    assert "Cannot query field" in (result.errors or [])[0].message


async def test_rules_of_an_authors_extension_are_asked() -> None:
    """The plan knows nothing of them."""
    seen: list[int] = []

    class Watching(SchemaExtension):
        def on_validate(self) -> Iterator[None]:
            seen.append(1)
            yield

    schema = adopted(extensions=[Watching])
    result = await reference.run(schema, "{ word }", None, None, Context(document=parse("{ word }")))
    assert (result.data, seen) == ({"word": "word "}, [1])


def test_a_schema_is_adopted_once() -> None:
    """A second time changes nothing."""
    schema = adopted()
    before = tuple(schema.extensions)
    reference.adopt(schema)
    assert tuple(schema.extensions) == before
    assert before.count(reference.FromPlan) == 1


async def test_parts_come_one_after_the_other() -> None:
    """The first, then what was deferred."""
    document = "{ word ... @defer { slow } }"
    parts = await reference.run_in_parts(adopted(), document, None, None, Context(document=parse(document)))
    results = [each async for each in parts]
    assert results[0].data == {"word": "word "}
    assert len(results) >= 2


async def test_events_of_a_subscription() -> None:
    """A result for each."""
    context = Context(document=parse("subscription { ticks }"))
    events = await reference.subscribe(adopted(), "subscription { ticks }", None, None, context)
    assert [each.data async for each in events] == [{"ticks": 0}, {"ticks": 1}]
