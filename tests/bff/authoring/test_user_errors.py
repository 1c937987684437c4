"""What a user did wrong: ValueError and pydantic's errors are BAD_USER_INPUT, with the fields of the input."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest
import strawberry

from bff.authoring import frontend, via
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway

rows = endpoint("shop: rows")


class Model(pydantic.BaseModel):
    first_name: str = pydantic.Field(min_length=2)
    age: int = pydantic.Field(ge=0)


@strawberry.input
class Range:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


@strawberry.type
class Query:
    @strawberry.field
    def read(self) -> int:
        raise ValueError("a secret of ours")

    @strawberry.field
    def within(self, range: Range) -> int:
        return range.low

    @strawberry.field
    async def within_list(self, ranges: list[Range]) -> int:
        return len(ranges)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def now(self, name: str) -> bool:
        raise ValueError(f"{name} is taken")

    @strawberry.mutation
    async def later(self, name: str) -> bool:
        raise ValueError(f"{name} is taken")

    @strawberry.mutation
    async def model(self, name: str) -> bool:
        return bool(Model(first_name=name, age=-1))

    @strawberry.mutation
    def defect(self) -> bool:
        return bool(b"\xff".decode())

    @strawberry.mutation
    def fine(self) -> bool:
        return True

    rows: bool = via(rows)


schema = frontend(query=Query, mutation=Mutation)


async def error_of(query: str, engine: Any) -> Any:
    answer = await ask(gateway(schema, options={"engine": engine}, shop=FakeUpstream(lambda call: True)), query)
    (error,) = answer.errors
    return error


ENGINES = pytest.mark.parametrize("engine", ["compiled", "reference"])


@ENGINES
@pytest.mark.parametrize("field", ["now", "later"])
async def test_a_value_error_of_a_mutation_is_for_the_frontend(field: str, engine: Any) -> None:
    """With its own words."""
    error = await error_of(f'mutation {{ {field}(name: "n") }}', engine)
    assert (error["message"], error["path"]) == ("n is taken", [field])
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


@ENGINES
async def test_errors_of_pydantic_have_their_fields(engine: Any) -> None:
    """By the names of the frontend."""
    error = await error_of('mutation { model(name: "n") }', engine)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["fields"] == [
        {"path": ["firstName"], "message": "String should have at least 2 characters", "code": "string_too_short"},
        {"path": ["age"], "message": "Input should be greater than or equal to 0", "code": "greater_than_equal"},
    ]
    assert "firstName: String should" in error["message"]


@ENGINES
async def test_an_input_that_refuses_its_values_has_its_path(engine: Any) -> None:
    """In queries too: what is wrong is what the user gave."""
    error = await error_of("{ within(range: {low: 2, high: 1}) }", engine)
    assert error["message"] == "low is above high"
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "fields": [{"path": ["range"], "message": "low is above high"}],
    }
    error = await error_of("{ withinList(ranges: [{low: 1, high: 2}, {low: 2, high: 1}]) }", engine)
    assert error["extensions"]["fields"][0]["path"] == ["ranges", 1]


@ENGINES
@pytest.mark.parametrize("query", ["{ read }", "mutation { defect }"])
async def test_other_errors_stay_inside(query: str, engine: Any) -> None:
    """A ValueError of a query, and what a decoder raises."""
    error = await error_of(query, engine)
    assert error["message"] == "Something went wrong."
    assert error["extensions"]["code"] == "INTERNAL"


async def test_mutations_that_succeed_are_as_before() -> None:
    """Fetched ones, too."""
    answer = await ask(gateway(schema, shop=FakeUpstream(lambda call: True)), "mutation { fine rows }")
    assert answer.body() == {"data": {"fine": True, "rows": True}}
