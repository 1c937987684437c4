"""Resolvers whose values nobody needs any more: what they would have done is never begun, and nobody warns of it."""

from __future__ import annotations

import gc
import warnings

import pytest
import strawberry

from bff.authoring import frontend
from tests.bff.fakes import ask, gateway

begun: list[str] = []


@strawberry.type
class Thing:
    @strawberry.field
    async def name(self) -> str:
        begun.append("name")
        return "a"

    @strawberry.field
    def broken(self) -> int:
        raise ValueError("no luck")


@strawberry.type
class Query:
    @strawberry.field
    async def thing(self) -> Thing | None:
        return Thing()

    @strawberry.field
    async def name(self) -> str:
        begun.append("name")
        return "a"

    @strawberry.field
    def broken(self) -> int:
        raise ValueError("no luck")


@pytest.mark.parametrize(
    "query", ["{ name broken }", "{ thing { name broken } }", "{ thing { a: name b: name broken } name broken }"]
)
async def test_what_a_failure_makes_needless_is_not_begun(query: str) -> None:
    """Python warns of a coroutine that nobody awaits, from wherever garbage is collected next: none is made."""
    begun.clear()
    app = gateway(frontend(query=Query))
    with warnings.catch_warnings(record=True, action="always") as told:
        answer = await ask(app, query)
        gc.collect()
    assert [error["extensions"]["code"] for error in answer.errors] == ["INTERNAL"]
    assert ([str(each.message) for each in told], begun) == ([], [])
