"""How the values of a field are had: by attribute, by fetching from an endpoint, by calling an author's function.

Found once per field of an operation from what strawberry knows of it. Whatever is not recognised is called as
graphql-core would call it, with a `GraphQLResolveInfo` for each object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from operator import attrgetter
from types import NoneType
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    TypeNameMetaFieldDef,
    get_named_type,
    is_leaf_type,
)
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from bff.authoring.computed import RECORDS, Computed
from bff.authoring.fields import VIA, Via
from bff.authoring.lookahead import COMPUTED
from bff.authoring.records import Convert, unwrap
from connectors.contract import Event, Reply
from connectors.endpoint import Endpoint

BACKREF = "strawberry-definition"
_IMMUTABLE = (str, int, float, bool, NoneType, Enum)


@dataclass(frozen=True, slots=True)
class Typename:
    """`__typename`."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A plain field of a strawberry type."""

    name: str
    get: Callable[[Any], Any]
    convert: Convert | None
    """For the replies and records that an author may have put there; None for scalars."""

    def unwrapped(self, value: Any) -> Any:
        """The value, where it is or holds what an endpoint gave."""
        held = value[0] if isinstance(value, list) and value else value
        return unwrap(value, self.convert) if self.convert and isinstance(held, Reply | Event | dict) else value


@dataclass(frozen=True, slots=True)
class Given:
    """A part of a projected record (see bff.engine.compile.projection)."""

    get: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Function:
    """An author's method that wants the object, arguments that are the same for all objects, and perhaps an info."""

    get: Callable[..., Any]
    convert: Convert
    python_arguments: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """From coerced GraphQL arguments to those of the method; None where it takes none."""
    only: type | None = None
    """The class whose objects it is for; None for all."""
    told: Callable[[GraphQLResolveInfo[Any]], Any] | None = None
    """Makes what it is told of the field of each object, its second argument; None where it is told nothing."""

    @property
    def is_simple(self) -> bool:
        """Whether `get` is all that it takes."""
        return self.python_arguments is None and self.only is None and self.told is None

    def given(self, arguments: dict[str, Any]) -> Function:
        """The same with these arguments in place. Raises what converting them raises."""
        if self.python_arguments is None:
            return self
        converted = self.python_arguments(arguments)
        if all(isinstance(value, _IMMUTABLE) for value in converted.values()):
            return replace(self, get=partial(self._called, converted))
        return replace(self, get=partial(self._called_anew, arguments))

    def _called(self, converted: dict[str, Any], *given: Any) -> Any:
        return self.get(*given, **converted)

    def _called_anew(self, arguments: dict[str, Any], *given: Any) -> Any:
        """With arguments of its own, which it may change."""
        assert self.python_arguments is not None
        return self.get(*given, **self.python_arguments(arguments))

    def unwrapped(self, value: Any) -> Any:
        """The value, where it is or holds what an endpoint gave."""
        return unwrap(value, self.convert)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A `via` field, for all objects at once."""

    via: Via
    endpoint: Endpoint
    convert: Convert
    python_arguments: Callable[[dict[str, Any]], dict[str, Any]]
    """From coerced GraphQL arguments to those of the endpoint."""


@dataclass(frozen=True, slots=True)
class Called:
    """A resolver with graphql-core's signature, or the executor's default."""


CALLED: Final = Called()

Resolving = Typename | Attribute | Given | Function | Fetched | Called


def resolving_of(schema: GraphQLSchema, field: GraphQLField, parent: GraphQLObjectType) -> Resolving:
    """The way for a field of a type."""
    if field.resolve is TypeNameMetaFieldDef.resolve:
        return Typename()
    own: StrawberryField | None = field.extensions.get(BACKREF)
    records = schema.extensions.get(RECORDS)
    if own is None or records is None or own.extensions or field.subscribe is not None or _handles_exceptions(schema):
        return CALLED
    convert = records.converter(field.type)
    is_leaf = is_leaf_type(get_named_type(field.type))
    resolver = own.base_resolver
    if resolver is None and own.default_resolver is getattr:
        return Attribute(own.python_name, attrgetter(own.python_name), None if is_leaf else convert)
    via: Via | None = own.metadata.get(VIA)
    if via is not None and isinstance(via.endpoint, Endpoint):
        return Fetched(via, via.endpoint, convert, partial(_python_arguments, schema, own))
    if resolver is None or not is_leaf:
        return CALLED
    info = resolver.info_parameter
    if _is_method(own) and not (own.is_async and (own.arguments or info)) and not _takes_objects(field):
        takes = partial(_python_arguments, schema, own) if own.arguments else None
        method: Any = resolver.wrapped_func
        if info is None:
            return Function(method, convert, takes)
        told = partial(_told, schema.extensions[BACKREF].config.info_class, own)
        return Function(partial(_with_info, method, info.name), convert, takes, told=told)
    return _computed(own, parent, convert)


def _told(info_class: type[Any], own: StrawberryField, raw: GraphQLResolveInfo[Any]) -> Any:
    return info_class(_raw_info=raw, _field=own)


def _with_info(method: Callable[..., Any], name: str, source: Any, info: Any, /, **given: Any) -> Any:
    return method(source, **given, **{name: info})


def _computed(own: StrawberryField, parent: GraphQLObjectType, convert: Convert) -> Resolving:
    record, definition = own.metadata.get(COMPUTED), parent.extensions.get(BACKREF)
    if not isinstance(record, Computed) or definition is None:
        return CALLED
    compute = record.plainly(definition.origin)
    return CALLED if compute is None else Function(compute, convert, only=definition.origin)


def _python_arguments(schema: GraphQLSchema, own: StrawberryField, given: dict[str, Any]) -> dict[str, Any]:
    if not own.arguments:
        return {}
    owner = schema.extensions[BACKREF]
    registry = owner.schema_converter.scalar_registry
    return convert_arguments(given, own.arguments, scalar_registry=registry, config=owner.config)


def _is_method(own: StrawberryField) -> bool:
    resolver = own.base_resolver
    if resolver is None or not resolver.self_parameter or not callable(resolver.wrapped_func):
        return False
    return not (resolver.parent_parameter or resolver.root_parameter)


def _takes_objects(field: GraphQLField) -> bool:
    """Whether input objects are among its arguments: authors may make them of what the info of one object tells."""
    return not all(is_leaf_type(get_named_type(argument.type)) for argument in field.args.values())


def _handles_exceptions(schema: GraphQLSchema) -> bool:
    """Whether the author turns exceptions into members of unions: strawberry does that around each resolver."""
    owner = schema.extensions.get(BACKREF)
    return bool(owner and owner.schema_converter._exception_handler_specs)  # noqa: SLF001 - no public name for it
