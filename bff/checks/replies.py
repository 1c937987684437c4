"""Compare what schemas read of replies with the descriptions of upstreams: `at`, `key`, `take`, fields, enums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    get_named_type,
)
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from bff.authoring.fields import TAKE, Take
from bff.authoring.lookahead import leave_out_lists
from bff.authoring.strawberry_insides import definition_of, own_field_of
from bff.checks.sources import Sources
from bff.checks.uses import AnyEndpoint, Use
from connectors.descriptions import ANYTHING, DataType, Description, follow_path
from connectors.endpoint import Endpoint, PublishEndpoint
from connectors.errors import DefinitionError
from connectors.messages.paths import format_path


def check_paths(endpoint: AnyEndpoint, description: Description) -> Iterator[str]:
    """Paths of an endpoint, `at=`, `many_at=` and `key=`, that lead nowhere."""
    if isinstance(endpoint, PublishEndpoint):
        return
    batch = endpoint.batch if isinstance(endpoint, Endpoint) else None
    if batch is None or (isinstance(endpoint, Endpoint) and endpoint.has_single_form):
        reply = description.describe_reply(endpoint.operation, is_batch=False)
        yield from _try_path(reply, endpoint.at, "at")
    if batch is None or not isinstance(endpoint, Endpoint):
        return
    try:
        records = follow_path(description.describe_reply(endpoint.operation, is_batch=True), endpoint.many_at)
    except DefinitionError as error:
        yield f"many_at={format_path(endpoint.many_at)!r} leads nowhere: {error}"
        return
    for path in [each for each in batch.parts.values() if each] or ([batch.key] if batch.key else []):
        yield from _try_path(_item_of(records), path, "key")


def _try_path(type_: DataType, path: tuple[str, ...], option: str) -> Iterator[str]:
    try:
        follow_path(type_, path)
    except DefinitionError as error:
        yield f"{option}={format_path(path)!r} leads nowhere: {error}"


def find_record_type(endpoint: AnyEndpoint, description: Description) -> DataType:
    """The type of what an endpoint gives for one key. Raises DefinitionError."""
    if not isinstance(endpoint, Endpoint) or endpoint.batch is None or endpoint.has_single_form:
        return follow_path(description.describe_reply(endpoint.operation, is_batch=False), endpoint.at)
    records = follow_path(description.describe_reply(endpoint.operation, is_batch=True), endpoint.many_at)
    if not endpoint.batch.key and not endpoint.batch.parts:
        return _item_of(records) if records.item is not None else ANYTHING
    return records if endpoint.batch.group else _item_of(records)


def _item_of(type_: DataType) -> DataType:
    return type_.item() if type_.item is not None else type_


@dataclass(slots=True)
class _Place:
    """One field of a type, over all replies that fill it."""

    line: str
    is_there: bool = False
    is_certain: bool = False
    """Whether requests fail because of it."""


@dataclass(slots=True)
class ReplyChecker:
    """Collects what the fields of all schemas lack. A nullable field may be missing in some replies, not in all."""

    sources: Sources
    _fields: dict[tuple[str, str], _Place] = field(default_factory=dict)
    _others: dict[str, None] = field(default_factory=dict)
    _seen: set[tuple[str, str, bool]] = field(default_factory=set)
    _free: set[str] = field(default_factory=set)
    """Types of which something else than a described reply may make records."""

    def add(self, use: Use, type_: DataType) -> None:
        """Compare the field of a use with the type of the record that it gets."""
        self._compare(use, use.field.type, type_, use.label, selects=use.via.endpoint.selects)

    def add_free(self, type_: GraphQLOutputType) -> None:
        """Note that records of a type, and of those in it, come from somewhere else too."""
        named = get_named_type(type_)
        if named.name in self._free or not isinstance(named, GraphQLObjectType):
            return
        self._free.add(named.name)
        for each in named.fields.values():
            own = own_field_of(each)
            if own is not None and own.is_basic_field:
                self.add_free(each.type)

    def list_errors(self) -> list[str]:
        """Fields for which requests fail."""
        return [each.line for each in self._fields.values() if each.is_certain]

    def list_warnings(self) -> list[str]:
        """Fields that are always null, and what else does not fit."""
        missing = [
            each.line
            for (type_, _), each in self._fields.items()
            if not each.is_there and not each.is_certain and type_ not in self._free
        ]
        return [*missing, *self._others]

    def _compare(self, use: Use, type_: GraphQLOutputType, found: DataType, label: str, *, selects: bool) -> None:
        if found.is_anything:
            self.add_free(type_)
            return
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(nullable, GraphQLList):
            self._compare(use, nullable.of_type, _item_of(found), label, selects=selects)
            return
        found = _item_of(found)
        if isinstance(nullable, GraphQLEnumType):
            self._compare_enum(use, nullable, found, label)
        elif isinstance(nullable, GraphQLObjectType) and found.fields is not None:
            key = (nullable.name, found.name, selects)
            if key not in self._seen:
                self._seen.add(key)
                self._compare_fields(use, nullable, found, selects=selects)
        elif isinstance(nullable, GraphQLObjectType) and found.scalar is not None:
            line = f"{use.via.place} {label}: {found.name} is a single value, and {nullable.name} has fields"
            self._others[line] = None
        elif isinstance(nullable, GraphQLInterfaceType | GraphQLUnionType):
            for each in use.schema.get_possible_types(nullable):
                self.add_free(each)

    def _compare_fields(self, use: Use, type_: GraphQLObjectType, found: DataType, *, selects: bool) -> None:
        for name, each in type_.fields.items():
            own = own_field_of(each)
            if own is None:
                continue
            take: Take | None = own.metadata.get(TAKE)
            if not own.is_basic_field or (take is not None and take.steps):
                continue
            paths = _list_paths(own, name, take, selects=selects)
            inner, problem = _follow_first(found, paths)
            place = self._fields.setdefault(
                (type_.name, name), _Place(self._write_line(use, type_, own, take, name, problem))
            )
            if inner is None:
                place.is_certain = place.is_certain or selects
                place.is_there = place.is_there or (not selects and _has_default(own))
                if place.is_certain and selects:
                    place.line = self._write_line(use, type_, own, take, name, problem)
                continue
            place.is_there = True
            self._compare(use, each.type, inner, f"{type_.name}.{name}", selects=selects)

    def _write_line(
        self, use: Use, type_: GraphQLObjectType, own: StrawberryField, take: Take | None, name: str, problem: str
    ) -> str:
        definition = definition_of(type_)
        place = take.place if take is not None else None
        if place is None and definition is not None:
            place = self.sources.find_attribute(definition.origin, own.python_name)
        return f"{place or use.via.place} {type_.name}.{name}: {use.via.endpoint.name} does not give it: {problem}"

    def _compare_enum(self, use: Use, type_: GraphQLEnumType, found: DataType, label: str) -> None:
        if not found.values:
            return
        for name, value in type_.values.items():
            if not _names_of(name, value.value) & set(found.values):
                line = f'{use.via.place} {label}: {found.name} has no value "{name}" of {type_.name}'
                self._others[line] = None


def _names_of(name: str, value: Any) -> set[str]:
    """The texts that may stand for a member of an enum."""
    inner = getattr(value, "value", value)
    return {name, str(getattr(value, "name", name)), str(inner)}


def _list_paths(own: StrawberryField, name: str, take: Take | None, *, selects: bool) -> list[tuple[str, ...]]:
    if take is not None:
        return [leave_out_lists(take.path) if selects else take.path]
    if selects:
        return [(name,)]
    return [(own.python_name,), (to_camel_case(own.python_name),), (name,)]


def _follow_first(found: DataType, paths: Sequence[tuple[str, ...]]) -> tuple[DataType | None, str]:
    problem = ""
    for path in paths:
        try:
            return _follow(found, path), ""
        except DefinitionError as error:
            problem = problem or str(error)
    return None, problem


def _follow(type_: DataType, path: tuple[str, ...]) -> DataType:
    """As `follow_path`, where a selection leaves out the steps into lists."""
    for step in path:
        type_ = follow_path(_item_of(type_) if not step.startswith("\0") and not step.isdecimal() else type_, (step,))
    return type_


def _has_default(own: StrawberryField) -> bool:
    return own.default is not MISSING or own.default_factory is not MISSING
