"""What is read of strawberry without a public name is still there: the first tests to fail after an upgrade."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema

from bff.authoring import strawberry_insides as insides


@strawberry.type
class Item:
    name: str

    @strawberry.field
    def label(self, info: strawberry.Info, upper: bool = False) -> str:
        assert insides.raw_info(info).field_name == "label"
        return self.name.upper() if upper else self.name


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item:
        return Item(name="one")


SCHEMA = strawberry.Schema(Query)
CORE = insides.core_schema(SCHEMA)
TYPE = CORE.type_map["Item"]
assert isinstance(TYPE, GraphQLObjectType)


def test_the_version_they_were_read_from() -> None:
    """Another minor version may have moved them: look at the module, then change this line."""
    assert version("strawberry-graphql").startswith("0.341.")


def test_schemas_types_and_fields_know_what_they_were_made_of() -> None:
    """In both directions."""
    assert isinstance(CORE, GraphQLSchema)
    assert insides.owner_schema(CORE) is SCHEMA
    assert insides.owner_schema(GraphQLSchema()) is None
    assert insides.definition_of(TYPE).origin is Item
    assert insides.definition_of(TYPE) is getattr(Item, insides.DEFINITION)
    own = insides.own_field_of(TYPE.fields["label"])
    assert own is not None
    assert own.python_name == "label"


def test_resolvers_that_only_read_an_attribute() -> None:
    """They need no wrapper."""
    assert insides.is_default_resolver(TYPE.fields["name"].resolve)
    assert not insides.is_default_resolver(TYPE.fields["label"].resolve)


def test_infos_can_be_taken_apart_and_made() -> None:
    """The resolver above looks into its own."""
    result = SCHEMA.execute_sync("{ item { label(upper: true) } }")
    assert (result.data, result.errors) == ({"item": {"label": "ONE"}}, None)
    own = insides.own_field_of(TYPE.fields["label"])
    assert own is not None
    raw: Any = object()
    assert insides.raw_info(insides.wrap_info(strawberry.Info, own, raw)) is raw


def test_arguments_as_the_method_takes_them() -> None:
    """By their Python names; none where the field takes none."""
    label, name = (insides.own_field_of(TYPE.fields[each]) for each in ("label", "name"))
    assert label is not None
    assert name is not None
    assert insides.python_arguments(CORE, label, {"upper": True}) == {"upper": True}
    assert insides.python_arguments(CORE, name, {}) == {}


def test_handlers_of_exceptions() -> None:
    """There are none here, and none in a schema of graphql-core's."""
    assert not insides.handles_exceptions(CORE)
    assert not insides.handles_exceptions(GraphQLSchema())


def test_no_other_module_looks_into_strawberry() -> None:
    """But for the rule that counts costs, which may not import this room."""
    insides_of = re.compile(
        r"\._schema\b(?=.*noqa)|_raw_info|_is_default\b|strawberry-definition|__strawberry_definition__"
    )
    rooms = Path(insides.__file__).parents[1]
    found = {str(file.relative_to(rooms)) for file in rooms.rglob("*.py") if insides_of.search(file.read_text())}
    assert found == {"authoring/strawberry_insides.py", "validation/cost_terms.py"}
