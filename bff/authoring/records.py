"""From an upstream's record (plain Python) to the strawberry types a schema declares. Compiled once per schema.

A value that does not fit stays as it is or becomes an exception in its place: the executor reports it at its path.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import NoneType
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    get_nullable_type,
    is_composite_type,
    specified_scalar_types,
)
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from bff.authoring.cooperative import convert_each
from bff.authoring.discriminators import adopts_record
from bff.authoring.fields import RECORD, TAKE
from bff.authoring.misfits import misfit_record, misfit_scalar, misfit_type, read_day
from bff.authoring.strawberry_insides import DEFINITION, definition_of, own_field_of
from bff.authoring.upstream_types import find_names
from connectors.contract import Event, Reply, at_path

Convert = Callable[[Any], Any]
_HOLDERS = (Reply, Event, list, tuple)


class Records:
    """Converters for the types of one schema."""

    def __init__(self, schema: GraphQLSchema, *, has_empty_lists: bool = False) -> None:
        """`has_empty_lists`: a list that may not be null is empty where an upstream has none."""
        self._schema = schema
        self._has_empty_lists = has_empty_lists
        self._objects: dict[str, Convert] = {}
        self._converters: dict[GraphQLType, Convert] = {}
        self._slots: dict[GraphQLObjectType, list[Slot]] = {}

    @cached_property
    def with_empty_lists(self) -> Records:
        """Those for upstreams that leave out empty lists, or write null for them."""
        return self if self._has_empty_lists else Records(self._schema, has_empty_lists=True)

    def converter(self, type_: GraphQLType) -> Convert:
        """How a value from an upstream becomes what a resolver of this type would return."""
        convert = self._converters.get(type_)
        if convert is None:
            self._converters[type_] = convert = self._choose_converter(type_)
            if convert is not _keep_value:  # see convert_reply
                convert.with_empty_lists = lambda: self.with_empty_lists.converter(type_)  # type: ignore[attr-defined]
        return convert

    def _choose_converter(self, type_: GraphQLType) -> Convert:
        if isinstance(type_, GraphQLNonNull):
            convert = self.converter(type_.of_type)
            return _fill_absent_list(convert) if self._is_empty_if_absent(type_) else convert
        if isinstance(type_, GraphQLList):
            return _convert_list(
                self.converter(type_.of_type), is_of_objects=is_composite_type(get_nullable_type(type_.of_type))
            )
        if isinstance(type_, GraphQLObjectType):
            return self._convert_object(type_)
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self._convert_abstract(type_)
        if isinstance(type_, GraphQLEnumType):
            return _convert_enum(type_)
        if isinstance(type_, GraphQLScalarType) and type_.name not in specified_scalar_types:
            return _convert_scalar(type_)
        return _keep_value

    def _is_empty_if_absent(self, type_: GraphQLType) -> bool:
        return self._has_empty_lists and isinstance(type_, GraphQLNonNull) and isinstance(type_.of_type, GraphQLList)

    def _convert_object(self, type_: GraphQLObjectType) -> Convert:
        made = self._objects.get(type_.name)
        if made is not None:
            return made
        fill: Convert | None = None

        def convert(value: Any) -> Any:
            nonlocal fill
            if not isinstance(value, Mapping):
                return value if value is None or _is_instance(value) else misfit_record(type_.name, value)
            if fill is None:  # at first use, because types may contain themselves
                fill = self._compile_filler(type_)
            return fill(value)

        self._objects[type_.name] = convert
        return convert

    def list_slots(self, type_: GraphQLObjectType) -> list[Slot]:
        """Where each attribute of a strawberry type stands in a record; those that a record can fill."""
        known = self._slots.get(type_)
        if known is None:
            self._slots[type_] = known = self._create_slots(type_)
        return known

    def _create_slots(self, type_: GraphQLObjectType) -> list[Slot]:
        definition = definition_of(type_)
        if definition is None:
            return []
        cls: type = definition.origin
        slots = [
            _create_slot(own, name, self.converter(field.type), is_empty_list=self._is_empty_if_absent(field.type))
            for name, field in type_.fields.items()
            if (own := own_field_of(field)) is not None and own.base_resolver is None and own.init
        ]
        shown = {slot.attribute for slot in slots}
        slots += [
            _create_private_slot(own)
            for own in dataclasses.fields(cls)
            if own.init and own.name not in shown  # private fields: not in GraphQL, but there for Python code
        ]
        return slots

    def _compile_filler(self, type_: GraphQLObjectType) -> Convert:
        definition = definition_of(type_)
        if definition is None:
            return _keep_value
        make = _compile_maker(definition.origin, self.list_slots(type_))

        def fill(record: Mapping[str, Any]) -> Any:
            try:
                return make(record)
            except Exception as error:  # noqa: BLE001 - an author's __post_init__ may raise anything; one record fails
                return error

        def fill_and_keep(record: Mapping[str, Any]) -> Any:
            made = fill(record)
            if type(made) is definition.origin:
                object.__setattr__(made, RECORD, record)  # also where the author's class is frozen
            return made

        return fill_and_keep if _has_field_calls(type_) else fill

    def _convert_abstract(self, type_: GraphQLInterfaceType | GraphQLUnionType) -> Convert:
        by_name: dict[str, GraphQLObjectType] | None = None

        def convert(value: Any) -> Any:
            nonlocal by_name
            if not isinstance(value, Mapping):
                return value if value is None or _is_instance(value) else misfit_record(type_.name, value)
            possible = self._schema.get_possible_types(type_)
            if by_name is None:  # at first use, because other schemas may not be complete yet
                by_name = _list_types_by_name(possible)
            named = value.get("__typename")
            chosen = by_name.get(named) if isinstance(named, str) else None
            if chosen is None:
                chosen = next((each for each in possible if _claims_record(each, value)), None)
            if chosen is None and named is None and len(possible) == 1:
                chosen = possible[0]
            if chosen is None:
                return misfit_type(type_.name)
            return self._convert_object(chosen)(value)

        return convert


def _list_types_by_name(possible: Sequence[GraphQLObjectType]) -> dict[str, GraphQLObjectType]:
    """Types by each name that an upstream may have for them: those that authors gave, then GraphQL's, then Python's."""
    found = [(each, find_names(each)) for each in possible]
    given = [(name, each) for each, names in found if names.is_given for name in names.names]
    own = [(each.name, each) for each in possible]
    others = [(name, each) for each, names in found for name in names.names]
    return dict(reversed([*given, *own, *others]))


def _has_field_calls(type_: GraphQLObjectType) -> bool:
    """Whether fields of a type are read from the record by arguments of the frontend."""
    owns = (own_field_of(field) for field in type_.fields.values())
    return any(own is not None and TAKE in own.metadata and own.metadata[TAKE].from_arguments for own in owns)


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """Where the value of one attribute stands in a record."""

    attribute: str
    path: tuple[str, ...]
    other: str
    """Where the value stands when it is not at `path`: the GraphQL name of a field without `take`."""
    convert: Convert
    default: Callable[[], Any] | None
    """Makes the value where the upstream has none or null; None where that is null."""

    def read_from(self, record: Mapping[str, Any]) -> Any:
        """The value, or the attribute's default."""
        if len(self.path) == 1:
            value = record.get(self.path[0] if self.path[0] in record else self.other)
        else:
            value = at_path(record, self.path)
        if isinstance(value, Exception):
            return value  # the upstream failed to give it, or what it is a part of
        return self.convert_or_default(value)

    def convert_or_default(self, value: Any) -> Any:
        """The attribute of what stands in the record."""
        if value is not None:
            return self.convert(value)
        return None if self.default is None else self.default()


def _compile_maker(cls: type, slots: list[Slot]) -> Convert:
    """Make one object of a record. Written out for the type, because it runs for every record: a third of the time."""
    names: dict[str, Any] = {"cls": cls}
    given: list[str] = []
    for number, slot in enumerate(slots):
        names[f"convert{number}"], names[f"read{number}"] = slot.convert, slot.read_from
        value = f"read{number}(record)"
        is_direct = len(slot.path) == 1 and slot.default is None
        for name in (slot.other, slot.path[0]) if is_direct else ():
            found = f"record[{name!r}]" if slot.convert is _keep_value else f"convert{number}(record[{name!r}])"
            value = f"{found} if {name!r} in record else {value}"
        given.append(f"{slot.attribute}={value}")
    made: Convert = eval(f"lambda record: cls({', '.join(given)})", names)  # noqa: S307 - names are written as literals
    return made


def _create_slot(own: StrawberryField, graphql_name: str, convert: Convert, *, is_empty_list: bool) -> Slot:
    take = own.metadata.get(TAKE)
    path = take.path if take else (own.python_name,)
    default = _find_default(own) or (list if is_empty_list else None)
    return Slot(own.python_name, path, path[0] if take else graphql_name, convert, default)


def _create_private_slot(own: dataclasses.Field[Any]) -> Slot:
    take = own.metadata.get(TAKE)
    path = take.path if take else (own.name,)
    return Slot(own.name, path, path[0] if take else to_camel_case(own.name), _keep_value, _find_default(own))


def _find_default(own: dataclasses.Field[Any]) -> Callable[[], Any] | None:
    if own.default_factory is not dataclasses.MISSING:
        return own.default_factory
    value = own.default
    return None if value is dataclasses.MISSING or value is None else lambda: value


def _fill_absent_list(convert: Convert) -> Convert:
    return lambda value: [] if value is None else convert(value)


def _convert_list(convert: Convert, *, is_of_objects: bool) -> Convert:
    def convert_list(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return list(value) if is_of_objects and _are_objects(value) else convert_each(convert, value)

    return convert_list


def _are_objects(values: Sequence[Any]) -> bool:
    """Whether all are objects of the author's own classes, which no converter of objects would touch."""
    return all(
        kind is NoneType or (hasattr(kind, DEFINITION) and not issubclass(kind, Mapping))
        for kind in set(map(type, values))
    )


def _convert_enum(type_: GraphQLEnumType) -> Convert:
    definition = definition_of(type_)
    if definition is None:
        return _keep_value
    cls: type[enum.Enum] = definition.wrapped_cls
    members: dict[Any, Any] = {member.name: member for member in cls}
    members |= {member.value: member for member in cls if isinstance(member.value, str | int)}

    def convert(value: Any) -> Any:
        return members.get(value, value) if isinstance(value, str | int) else value

    return convert


def _convert_scalar(type_: GraphQLScalarType) -> Convert:
    def convert(value: Any) -> Any:
        """Upstreams send the serialized form; Python code and `serialize` want the Python value."""
        if value is None or isinstance(value, Exception):
            return value
        try:
            return type_.parse_value(value)
        except Exception:  # noqa: BLE001 - a custom scalar may raise anything; it becomes this field's error
            day = read_day(value) if type_.name == "Date" else None
            return misfit_scalar(type_.name, value) if day is None else _parse(type_, day, value)

    return convert


def _parse(type_: GraphQLScalarType, day: str, value: Any) -> Any:
    try:
        return type_.parse_value(day)
    except Exception:  # noqa: BLE001 - as above
        return misfit_scalar(type_.name, value)


def _keep_value(value: Any) -> Any:
    return value


def _is_instance(value: Any) -> bool:
    return hasattr(type(value), DEFINITION) or isinstance(value, Exception)


def _claims_record(type_: GraphQLObjectType, record: Mapping[str, Any]) -> bool:
    """Whether the author's own `is_type_of` says that this record is of this type."""
    definition = definition_of(type_)
    test = getattr(definition, "is_type_of", None)
    try:
        if definition is not None and adopts_record(definition.origin, record):
            return True
        return bool(test and test(record, None))
    except Exception:  # noqa: BLE001 - strawberry's own isinstance test or the author's may not expect a record
        return False


def unwrap(result: Any, convert: Convert) -> Any:
    """What a resolver returned, as the executor needs it: replies, events and plain records become declared types."""
    if isinstance(result, Reply | Event):
        return convert_reply(result, convert)
    if isinstance(result, list | tuple):
        has_holders = any(issubclass(kind, _HOLDERS) for kind in set(map(type, result)))
        if has_holders and any(isinstance(each, Reply | Event) and each.has_empty_lists for each in result):
            convert = choose_converter(convert)
        return convert([unwrap(item, _keep_value) for item in result] if has_holders else list(result))
    return convert(result) if isinstance(result, Mapping) else result


def convert_reply(reply: Reply | Event, convert: Convert) -> Any:
    """The data of a reply as its declared type; lists that it lacks are empty where its upstream leaves those out."""
    return (choose_converter(convert) if reply.has_empty_lists else convert)(reply.data)


def choose_converter(convert: Convert) -> Convert:
    """The same for upstreams that leave out empty lists."""
    make: Callable[[], Convert] | None = getattr(convert, "with_empty_lists", None)
    return convert if make is None else make()
