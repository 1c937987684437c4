"""Input objects: which of their fields a frontend has given, and what goes out of them. Used by `frontend` and `via`.

A field that is left out is left out upstream too, with or without `strawberry.UNSET` and `strawberry.Maybe`; null is
null. The names that go out are those of the schema, or what `take` says on a field of an input.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import strawberry
from graphql import GraphQLInputObjectType, GraphQLNamedType, GraphQLSchema, ObjectValueNode, Undefined
from strawberry.relay import GlobalID
from strawberry.types.arguments import InputContext
from strawberry.types.field import StrawberryField
from strawberry.types.private import is_private
from strawberry.utils.str_converters import to_camel_case

from bff.authoring.fields import TAKE
from bff.authoring.strawberry_insides import (
    DEFINITION,
    MaybeNullValidationRule,
    Some,
    StrawberryMaybe,
    definition_of,
    own_field_of,
)
from bff.authoring.user_errors import describe_user_error
from connectors.plain import NOT_GIVEN, Plain, register_plain

T = TypeVar("T")
_GIVEN: Final = "__bff_given__"
"""Attribute of an input object that a frontend sent: the schema's name of each field given, by its Python name."""
_names: WeakKeyDictionary[type, Mapping[str, str]] = WeakKeyDictionary()
"""The schema's names of the fields of each input class, by their Python names."""


def adopt_inputs(schema: GraphQLSchema) -> None:
    """Have input objects remember which of their fields were given. Idempotent.

    A field whose default is None has no default in the schema any more, which could not be distinguished from null.
    """
    for type_ in schema.type_map.values():
        definition = definition_of(type_) if isinstance(type_, GraphQLInputObjectType) else None
        if definition is None:
            continue
        assert isinstance(type_, GraphQLInputObjectType)
        owns = [(name, field, own_field_of(field)) for name, field in type_.fields.items()]
        _names[definition.origin] = {own.python_name: name for name, _, own in owns if own is not None}
        if definition.from_input is None:
            definition.from_input = build_input
        for _, field, _ in owns:
            if field.default_value is None:
                field.default_value = Undefined


def build_input(cls: type, value: Mapping[str, Any], context: InputContext) -> Any:
    """As strawberry makes an input object, which then knows what was given. Raises what the author's class raises."""
    definition = getattr(cls, DEFINITION)
    arguments: dict[str, Any] = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    given: dict[str, str] = {}
    for field in _list_fields(cls):
        name = context.config.name_converter.from_field(field)
        if name in value:
            type_ = field.resolve_type(type_definition=definition)
            arguments[field.python_name] = context.convert(value[name], type_, name)
            given[field.python_name] = name
    try:
        made = cls(**arguments)
    except Exception as error:
        described = describe_user_error(error, context.path)
        if described is None:
            raise
        raise described from None
    with suppress(AttributeError):  # of a class with slots, whose fields are then all taken for given
        object.__setattr__(made, _GIVEN, given)  # which a frozen class allows
    return made


def replace(value: T, /, **changes: Any) -> T:
    """`dataclasses.replace` for an input object: what the frontend left out stays left out, also where it is None.

    The fields of `changes` are given. Raises TypeError for a field that the class does not have.
    """
    made = dataclasses.replace(value, **changes)  # type: ignore[type-var]  # classes of strawberry are dataclasses
    given: Mapping[str, str] | None = getattr(value, _GIVEN, None)
    if given is not None:
        names = _names.get(type(value), {})
        object.__setattr__(made, _GIVEN, {**given, **{name: names.get(name, name) for name in changes}})
    return made


class MaybeNullRule(MaybeNullValidationRule):
    """Refuses null for a `Maybe[T]`: strawberry's own, which leaves out classes that have a `from_input`."""

    def validate_maybe_fields(self, node: ObjectValueNode, input_type: GraphQLNamedType, strawberry_type: Any) -> None:
        """Check the fields of one input object."""
        if getattr(strawberry_type, "from_input", None) is build_input:
            strawberry_type = dataclasses.replace(strawberry_type, from_input=None)
        super().validate_maybe_fields(node, input_type, strawberry_type)


def _convert_object(value: Any, convert: Plain) -> dict[str, Any]:
    """An object of a strawberry type, by the schema's names, without what was not given."""
    names = _names.get(type(value), {})
    plain: dict[str, Any] = {}
    for field in _list_fields(type(value)):
        if field.base_resolver is None:
            own = convert(getattr(value, field.python_name, NOT_GIVEN))
            if own is not NOT_GIVEN and not (own is None and not _is_given(value, field)):
                *outer, name = _choose_path(field, names)
                into = plain
                for step in outer:
                    into = into.setdefault(step, {})
                into[name] = own
    return plain


def _choose_path(field: StrawberryField, names: Mapping[str, str]) -> tuple[str, ...]:
    """Where the value of a field goes: what `take` says, or the schema's name."""
    take = field.metadata.get(TAKE)
    return take.path if take is not None else (names.get(field.python_name) or _choose_name(field),)


def _list_fields(cls: type) -> list[StrawberryField]:
    """Without private ones, which strawberry has among them where annotations are texts."""
    return [field for field in getattr(cls, DEFINITION).fields if not is_private(field.type)]


def _choose_name(field: StrawberryField) -> str:
    return field.graphql_name or to_camel_case(field.python_name)


def _is_given(value: Any, field: StrawberryField) -> bool:
    """Whether a field that is None is so because it was given as null."""
    given = getattr(value, _GIVEN, None)
    if given is None:
        given = getattr(value, "model_fields_set", None)  # of pydantic
    if given is not None:
        return field.python_name in given
    return not isinstance(field.type, StrawberryMaybe)


def _is_class(*classes: type) -> Callable[[type], bool]:
    return lambda kind: issubclass(kind, classes)


register_plain(_is_class(type(strawberry.UNSET)), lambda value, plain: NOT_GIVEN)
register_plain(_is_class(Some), lambda value, plain: plain(value.value))
register_plain(_is_class(GlobalID), lambda value, plain: value.node_id)
register_plain(lambda kind: hasattr(kind, DEFINITION), _convert_object)
