"""`constraint(...)` and `adopt_constraints`: what values of arguments and input fields must be.

The rules stand in the extensions of graphql-core's arguments and input fields, where `validation.constraints` finds
them, and in the SDL as `@constraint`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
)
from strawberry.schema_directive import Location

from bff.authoring.constraint_metadata import read_annotation
from bff.authoring.strawberry_insides import BACKREF
from bff.validation.value_rule import RULE, ValueRule, merge_rules


@strawberry.schema_directive(
    name="constraint",
    locations=[Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION],
    description="What a value must be. Lengths, pattern, format and range hold for each item of a list.",
)
class Constraint:
    """`@constraint(...)`; see `constraint`."""

    min_length: int | None = strawberry.UNSET
    max_length: int | None = strawberry.UNSET
    pattern: str | None = strawberry.UNSET
    format: str | None = strawberry.UNSET
    min: float | None = strawberry.UNSET
    max: float | None = strawberry.UNSET
    exclusive_min: float | None = strawberry.UNSET
    exclusive_max: float | None = strawberry.UNSET
    min_items: int | None = strawberry.UNSET
    max_items: int | None = strawberry.UNSET

    def __hash__(self) -> int:
        """That of its rule: typing and inspect hash the metadata of annotations."""
        return hash(self.value_rule)

    @property
    def value_rule(self) -> ValueRule:
        """The rule that it prints."""
        values = {field.name: getattr(self, field.name) for field in fields(ValueRule)}
        return ValueRule(**{name: None if value is strawberry.UNSET else value for name, value in values.items()})


def constraint(
    *,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    format: str | None = None,  # noqa: A002 - the word of JSON Schema
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    exclusive_min: float | None = None,
    exclusive_max: float | None = None,
    min_items: int | None = None,
    max_items: int | None = None,
) -> Constraint:
    """Say what the value of an argument or input field must be; it is checked before anything runs.

    Write it in `Annotated[str, constraint(max_length=5)]`, or in `directives=[...]` of `strawberry.argument` and of a
    field of an input.

    Lengths count characters. `pattern` is searched; write ^ and $ to match all of a text. `format` is one of
    `validation.formats.FORMATS`. Of a list, `min_items` and `max_items` count the items, the others hold for each item.
    """
    rule = ValueRule(
        min_length, max_length, pattern, format, min, max, exclusive_min, exclusive_max, min_items, max_items
    )
    return _create_directive(rule)


def adopt_constraints(schema: GraphQLSchema) -> list[str]:
    """Note the rules of all arguments and input fields, and show them in the SDL. Idempotent.

    Returns what is wrong with them, one line each: a rule that no value can keep, or that is not for the type.
    """
    problems: list[str] = []
    for label, element in _find_elements(schema):
        problems += [f"{label}: {problem}" for problem in _adopt_element(element)]
    return problems + list(_find_interface_problems(schema))


def _find_elements(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLArgument | GraphQLInputField]]:
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLInputObjectType):
            for name, input_field in type_.fields.items():
                yield f"{type_.name}.{name}", input_field
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                for argument, element in field.args.items():
                    yield f"{type_.name}.{name}({argument}:)", element


def _adopt_element(element: GraphQLArgument | GraphQLInputField) -> list[str]:
    own = element.extensions.get(BACKREF)
    if own is None or own.type_annotation is None:
        return []
    rule, problems = read_annotation(own.type_annotation.annotation)
    for directive in own.directives:
        if isinstance(directive, Constraint):
            rule, differing = merge_rules(rule, directive.value_rule)
            problems += differing
    if rule == ValueRule():
        return problems
    problems += rule.find_problems(element.type)
    if not problems:
        own.directives = (
            *(each for each in own.directives if not isinstance(each, Constraint)),
            _create_directive(rule),
        )
        element.extensions[RULE] = rule
        problems += _find_default_problems(element, rule)
    return problems


def _create_directive(rule: ValueRule) -> Constraint:
    values = {field.name: getattr(rule, field.name) for field in fields(ValueRule)}
    return Constraint(**{name: strawberry.UNSET if value is None else value for name, value in values.items()})


def _find_default_problems(element: GraphQLArgument | GraphQLInputField, rule: ValueRule) -> Iterator[str]:
    default: Any = element.default_value
    if default is Undefined or default is None:
        return
    violations = [rule.check_count(len(default))] if isinstance(default, list) else []
    name = get_named_type(element.type).name
    violations += [rule.check_leaf(each, name) for each in (default if isinstance(default, list) else [default])]
    for violation in violations:
        if violation is not None:
            yield f"its default {violation.text}"


def _find_interface_problems(schema: GraphQLSchema) -> Iterator[str]:
    """Arguments whose rule is not that of the interface: a query that selects the interface would go around it."""
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for interface in type_.interfaces:
            for name, field in interface.fields.items():
                for argument, element in field.args.items():
                    own = type_.fields[name].args[argument].extensions.get(RULE)
                    if own is not None and own != element.extensions.get(RULE):
                        label = f"{type_.name}.{name}({argument}:)"
                        yield f"{label}: its constraint is not that of {interface.name}; declare it there, too"
