"""`constraint`: checked when the schema is built, and printed in the SDL."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
import strawberry

from bff.authoring import SchemaError, argument, constraint, frontend, via
from bff.authoring.constraints import adopt_constraints
from bff.authoring.strawberry_insides import core_schema
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from tests.bff.fakes import endpoint


@strawberry.input
class Filter:
    sort_key: Annotated[str, msgspec.Meta(pattern="^[a-z]+$", max_length=9)] = "name"
    amounts: Annotated[list[Annotated[float, msgspec.Meta(gt=0.5, le=2)]], msgspec.Meta(min_length=1)] | None = None


@strawberry.type
class Query:
    found: str | None = via(
        endpoint("shop: found", {"text": True}), text=argument(Annotated[str, constraint(min_length=2)])
    )

    @strawberry.field
    def search(
        self,
        where: Filter | None = None,
        mail: Annotated[str, strawberry.argument(directives=[constraint(format="email")])] = "a@b.de",
    ) -> str:
        return mail


@pytest.mark.parametrize("build", [lambda: frontend(query=Query), lambda: strawberry.Schema(query=Query)])
def test_constraints_stand_in_the_sdl(build: Any) -> None:
    """Of arguments, of input fields and of `via`, in a plain strawberry schema too, however often it is adopted."""
    schema = build()
    for _ in range(2):
        sdl = make_frontend("app", Options.model_validate({"schema": "tests"}), schema).sdl
        assert "directive @constraint(" in sdl
        assert "found(text: String! @constraint(minLength: 2)): String" in sdl
        assert 'mail: String! = "a@b.de" @constraint(format: "email")' in sdl
        assert 'sortKey: String! = "name" @constraint(maxLength: 9, pattern: "^[a-z]+$")' in sdl
        assert "amounts: [Float!] @constraint(max: 2, exclusiveMin: 0.5, minItems: 1)" in sdl


def test_schemas_without_constraints_print_no_directive() -> None:
    """Nothing is added."""

    @strawberry.type
    class Plain:
        word: str = "x"

    assert "constraint" not in frontend(query=Plain).as_str()


@strawberry.interface
class Node:
    @strawberry.field
    def label(self, width: int = 1) -> str:
        return ""


@strawberry.type
class Thing(Node):
    @strawberry.field
    def label(self, width: Annotated[int, constraint(max=9)] = 1) -> str:
        return ""


@strawberry.type
class Root:
    node: Node


def _with(annotation: Any, default: Any = strawberry.UNSET) -> type:
    def resolve(text: Any = default) -> str:
        return ""

    resolve.__annotations__ = {"text": annotation, "return": str}
    if default is strawberry.UNSET:
        resolve.__defaults__ = ()
    return strawberry.type(type("Query", (), {"search": strawberry.field(resolver=resolve)}))


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (_with(Annotated[str, constraint(min_length=5, max_length=3)]), "minLength 5 is more than maxLength 3"),
        (_with(Annotated[str, constraint(pattern="(")]), 'the pattern "(" does not compile: unclosed group'),
        (_with(Annotated[int, constraint(min_length=5)]), "for texts, and the type is Int"),
        (_with(Annotated[Filter, constraint(min_length=5)]), "for texts, and the type is Filter"),
        (_with(Annotated[str, constraint(max_items=5)]), "for lists, and the type is String!"),
        (_with(Annotated[str, constraint(max_length=2)], "abc"), "its default must have at most 2 characters, and has 3"),
        (_with(Annotated[list[int], constraint(max=2)], [1, 3]), "its default must be at most 2"),
        (_with(Annotated[int, msgspec.Meta(multiple_of=2)]), "multiple_of is not checked"),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused_when_the_schema_is_built(query: type, problem: str) -> None:
    """With the argument and the reason, and again in a schema that strawberry alone has built."""
    with pytest.raises(SchemaError) as error:
        frontend(query=query)
    assert error.value.problems[0].startswith("Query.search(text:): ")
    assert problem in error.value.problems[0]
    assert problem in adopt_constraints(core_schema(strawberry.Schema(query=query)))[0]
    with pytest.raises(SchemaError):
        make_frontend("app", Options.model_validate({"schema": "tests"}), strawberry.Schema(query=query))


def test_no_query_goes_around_a_constraint_by_an_interface() -> None:
    """What selects the interface knows only the arguments of the interface."""

    with pytest.raises(SchemaError, match=r"Thing.label\(width:\): its constraint is not that of Node"):
        frontend(query=Root, types=[Thing])
