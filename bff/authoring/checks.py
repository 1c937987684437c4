"""What can be known to be wrong with a schema's `via` and `computed` before anything runs. Called by `frontend`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Set

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)
from strawberry.types.field import StrawberryField

from bff.authoring.computed import Computed
from bff.authoring.fields import TAKE, VIA, Take, Via, has_key_list
from bff.authoring.lookahead import COMPUTED
from bff.authoring.problems import suggest_nearest
from bff.authoring.strawberry_insides import definition_of, own_field_of
from bff.authoring.upstream_types import find_names
from connectors.endpoint import Endpoint


def find_problems(schema: GraphQLSchema) -> list[str]:
    """Every mistake, one line each, in the order of the types."""
    problems: list[str] = []
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            problems += _check_upstream_types(schema, type_)
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        own = _own_fields(type_)
        by_python = {field.python_name: field for field in own.values()}
        attributes = _attributes_of(type_) | by_python.keys()
        for name, field in own.items():
            label = f"{type_.name}.{name}"
            if via := field.metadata.get(VIA):
                problems += [
                    f"{via.place} {label}: {problem}"
                    for problem in _check_via(schema, via, by_python, attributes, type_, name)
                ]
            if needs := field.metadata.get(COMPUTED):
                problems += [
                    f"{needs.place} {label}: {problem}" for problem in _check_computed(needs, by_python, attributes)
                ]
    return list(dict.fromkeys(problems))


def _check_upstream_types(schema: GraphQLSchema, type_: GraphQLInterfaceType | GraphQLUnionType) -> list[str]:
    """Types that records of one `__typename` could equally be."""
    found: dict[str, str] = {}
    problems = []
    for each in schema.get_possible_types(type_):
        names = find_names(each)
        for name in names.names if names.is_given else ():
            other = found.setdefault(name, each.name)
            if other != each.name:
                problems.append(
                    f'{type_.name}: {other} and {each.name} both have upstream_type("{name}"); give it to one of them'
                )
    return problems


def _attributes_of(type_: GraphQLObjectType | GraphQLInterfaceType) -> set[str]:
    """Fields that Python code sees and GraphQL does not."""
    definition = definition_of(type_)
    return {own.name for own in dataclasses.fields(definition.origin) if own.init} if definition else set()


def _own_fields(type_: GraphQLObjectType | GraphQLInterfaceType) -> Mapping[str, StrawberryField]:
    return {name: own for name, field in type_.fields.items() if (own := own_field_of(field)) is not None}


def _check_via(
    schema: GraphQLSchema,
    via: Via,
    fields: Mapping[str, StrawberryField],
    attributes: Set[str],
    type_: GraphQLObjectType | GraphQLInterfaceType,
    name: str,
) -> list[str]:
    problems = []
    field, definition = type_.fields[name], definition_of(type_)
    problem = via.endpoint.problem_with(via.parameters)
    if problem is not None:
        problems.append(problem)
    for parameter, own in _list_needs(via):
        if own not in attributes:
            problems.append(f'{parameter}="{own}" is not a field of this type; {suggest_nearest(own, attributes)}')
        elif own in fields and not fields[own].is_basic_field:
            problems.append(f'{parameter}="{own}" is itself fetched or computed; take the key from a plain field')
    if isinstance(via.endpoint, Endpoint) and (batch := via.endpoint.batch) is not None:
        problems += [
            f'"{parameter}" is what {via.endpoint.name} batches on, so it must come from a field'
            for parameter in batch.names
            if parameter in via.constants or (problem is None and parameter not in via.parameters)
        ]
        problems += _check_list_form(via, is_list=_is_list(field), cls=definition and definition.origin)
    if not via.endpoint.selects:
        problems += [
            f"{label} takes arguments upstream ({take.place}), which only a GraphQL upstream understands; "
            f"{via.endpoint.name} is none"
            for label, take in _find_field_calls(schema, field)
        ]
    return problems


def _find_field_calls(schema: GraphQLSchema, field: GraphQLField) -> list[tuple[str, Take]]:
    """The fields with arguments upstream among those that come with the records of a field."""
    found: dict[str, Take] = {}
    seen: set[str] = set()
    todo: list[GraphQLNamedType] = [get_named_type(field.type)]
    while todo:
        type_ = todo.pop()
        if type_.name in seen:
            continue
        seen.add(type_.name)
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            todo += schema.get_possible_types(type_)
        if not isinstance(type_, GraphQLObjectType):
            continue
        for name, own in _own_fields(type_).items():
            take: Take | None = own.metadata.get(TAKE)
            if take is not None and take.steps:
                found[f"{type_.name}.{name}"] = take
            elif own.is_basic_field:
                todo.append(get_named_type(type_.fields[name].type))
    return list(found.items())


def _list_needs(via: Via) -> list[tuple[str, str]]:
    """Each parameter with an own field of which its value is made."""
    made = [(parameter, name) for parameter, each in via.from_made.items() for name in each.needs]
    return [*via.from_fields.items(), *made]


def _check_list_form(via: Via, *, is_list: bool, cls: type | None) -> list[str]:
    endpoint = via.endpoint
    assert isinstance(endpoint, Endpoint)
    assert endpoint.batch is not None
    batch = endpoint.batch
    if cls is not None and has_key_list(via, cls):
        given = f'{batch.parameter}="{via.from_fields.get(batch.parameter, "argument(...)")}"'
        return [] if is_list else [f"{given} is a list of keys, so the field must be a list too"]
    if batch.group and not is_list:
        return [f"{endpoint.name} gives a list for each key (group=True), but the field is not a list"]
    if not batch.group and is_list and batch.key:
        problem = (
            f"{endpoint.name} gives one record for each key, but the field is a list; define it with group=True, "
            f"or give {batch.parameter}= a field that is a list of keys"
        )
        return [problem]
    return []


def _check_computed(computed: Computed, fields: Mapping[str, StrawberryField], attributes: Set[str]) -> list[str]:
    problems = []
    for name in computed.needs:
        if name not in attributes:
            problems.append(f'needs="{name}" is not a field of this type; {suggest_nearest(name, attributes)}')
        elif name in fields and getattr(fields[name].metadata.get(TAKE), "from_arguments", None):
            problems.append(
                f'needs="{name}" is read by arguments of the frontend; add a field that takes it with constants, and '
                "need that"
            )
        elif name in fields and _is_resolver(fields[name]):
            problems.append(
                f'needs="{name}" is a resolver, whose value is not in the record; call its code here instead'
            )
        elif name in fields and _has_required_arguments(fields[name]):
            problems.append(f'needs="{name}" has an argument without a default, so it has no value here')
    if _needs_itself(computed, fields):
        problems.append("it needs itself, by way of what it needs; take one of the fields out of needs=")
    return problems


def _is_resolver(field: StrawberryField) -> bool:
    """Whether an author's code resolves a field, which is neither fetched nor computed."""
    return not field.is_basic_field and not field.metadata.keys() & {VIA, COMPUTED, TAKE}


def _has_required_arguments(field: StrawberryField) -> bool:
    if via := field.metadata.get(VIA):
        return any(each.default is inspect.Parameter.empty for each in via.from_arguments.values())
    needed: Computed | None = field.metadata.get(COMPUTED)
    return needed is not None and needed.has_required_arguments


def _needs_itself(computed: Computed, fields: Mapping[str, StrawberryField]) -> bool:
    seen: set[str] = set()
    todo = list(computed.needs)
    while todo:
        name = todo.pop()
        needed = fields[name].metadata.get(COMPUTED) if name in fields else None
        if needed is computed:
            return True
        if needed is not None and name not in seen:
            seen.add(name)
            todo += needed.needs
    return False


def _is_list(field: GraphQLField) -> bool:
    type_ = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    return isinstance(type_, GraphQLList)
