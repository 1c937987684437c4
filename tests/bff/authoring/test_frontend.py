"""`frontend`: what its wrappers around resolvers do, and do not, and the examples that it checks."""

from __future__ import annotations

import gc
import warnings

import pytest
import strawberry

from bff.authoring import SchemaError, example, frontend
from bff.authoring.frontend import adopt_records
from bff.authoring.strawberry_insides import core_schema
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
class Query(Thing):
    @strawberry.field
    async def thing(self) -> Thing | None:
        return Thing()


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


def test_a_wrong_example_is_found_when_the_schema_is_built() -> None:
    """Ready-made queries cannot rot."""
    with pytest.raises(SchemaError, match='example "Old": Cannot query field'):
        frontend(query=Query, examples=[example("Old", "{ thng { name } }")])


def test_a_schema_is_adopted_once() -> None:
    """A second time changes nothing: resolvers are not wrapped twice."""
    schema = frontend(query=Query)
    resolvers = {name: field.resolve for name, field in core_schema(schema).query_type.fields.items()}  # type: ignore[union-attr]
    adopt_records(schema)
    assert resolvers == {name: field.resolve for name, field in core_schema(schema).query_type.fields.items()}  # type: ignore[union-attr]
