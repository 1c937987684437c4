"""Executors by template: what requests share, and what each has for itself. Fails first when graphql-core's change."""

from __future__ import annotations

import pytest
import strawberry
from graphql import default_field_resolver, default_type_resolver, parse

from bff.authoring import Context
from bff.authoring.strawberry_insides import core_schema
from bff.engine.adapters.executor import StrawberryExecutor
from bff.engine.adapters.template import ExecutorTemplate
from bff.engine.graphql_core import VariableValues


@strawberry.type
class Query:
    @strawberry.field
    def word(self, info: strawberry.Info) -> str:
        return str(info.context.client)


def first_executor() -> StrawberryExecutor:
    operation = parse("{ word }").definitions[0]
    return StrawberryExecutor(
        core_schema(strawberry.Schema(Query)),
        {},
        {},
        None,
        Context(client="first"),
        operation,
        VariableValues({}, {}),
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
    )


def test_a_copy_has_every_attribute_of_the_first() -> None:
    """Lists, sets and maps are its own and empty, as in a new executor; everything else is shared."""
    first = first_executor()
    copy = ExecutorTemplate(first).create(Context(client="second"), VariableValues({}, {}))
    for name, value in vars(first).items():
        own = getattr(copy, name)
        assert type(own) is type(value), name
        if isinstance(value, list | set | dict) and name not in ("fragment_definitions", "fragments"):
            assert own is not value, name
            assert not own, name


def test_each_request_has_its_context_and_its_containers() -> None:
    """What one request leaves in a list is in no other's."""
    template = ExecutorTemplate(first_executor())
    one, two = (template.create(Context(client=each), VariableValues({}, {})) for each in ("one", "two"))
    containers = [name for name, value in vars(first_executor()).items() if isinstance(value, list)]
    assert containers
    for name in containers:
        getattr(one, name).append("mine")
        assert getattr(two, name) == []
    assert one.execute_operation().data == {"word": "one"}
    assert two.execute_operation().data == {"word": "two"}


def test_an_attribute_that_is_none_is_refused() -> None:
    """As of any object."""
    with pytest.raises(AttributeError):
        _ = ExecutorTemplate(first_executor()).create(Context(), VariableValues({}, {})).no_such_thing  # type: ignore[attr-defined]
