"""How a field is resolved: by attribute, by fetching from an endpoint, by calling an author's method.

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
from strawberry.types.field import StrawberryField

from bff.authoring.computed import RECORDS, Computed
from bff.authoring.fields import VIA, Via, find_own_field, has_key_list
from bff.authoring.lookahead import COMPUTED, leaves_of
from bff.authoring.records import Convert, unwrap
from bff.authoring.strawberry_insides import (
    definition_of,
    handles_exceptions,
    own_field_of,
    owner_schema,
    python_arguments,
    wrap_info,
)
from bff.authoring.to_many import is_list_type
from connectors.contract import Event, Reply, Selection
from connectors.endpoint import Endpoint

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

    def unwrap_value(self, value: Any) -> Any:
        """The value, where it is or holds what an endpoint gave."""
        first = value[0] if isinstance(value, list) and value else value
        return unwrap(value, self.convert) if self.convert and isinstance(first, Reply | Event | dict) else value


@dataclass(frozen=True, slots=True)
class RecordPart:
    """A part of a projected record (see bff.engine.compile.projection)."""

    get: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Method:
    """An author's method that takes the object, arguments that are the same for all objects, and perhaps an info."""

    get: Callable[..., Any]
    convert: Convert
    convert_arguments: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """From coerced GraphQL arguments to those of the method; None where it takes none."""
    only_class: type | None = None
    """The class whose objects it is for; None for all."""
    make_info: Callable[[GraphQLResolveInfo[Any]], Any] | None = None
    """Makes the info of each object, its second argument; None where it takes no info."""

    @property
    def is_simple(self) -> bool:
        """Whether `get` is all that it takes."""
        return self.convert_arguments is None and self.only_class is None and self.make_info is None

    def bind(self, arguments: dict[str, Any]) -> Method:
        """The same with these arguments in place. Raises what converting them raises."""
        if self.convert_arguments is None:
            return self
        converted = self.convert_arguments(arguments)
        if all(isinstance(value, _IMMUTABLE) for value in converted.values()):
            return replace(self, get=partial(self._call, converted))
        return replace(self, get=partial(self._call_with_own_arguments, arguments))

    def _call(self, converted: dict[str, Any], *values: Any) -> Any:
        return self.get(*values, **converted)

    def _call_with_own_arguments(self, arguments: dict[str, Any], *values: Any) -> Any:
        """With arguments converted for each call, because the method may change them."""
        assert self.convert_arguments is not None
        return self.get(*values, **self.convert_arguments(arguments))

    def unwrap_value(self, value: Any) -> Any:
        """The value, where it is or holds what an endpoint gave."""
        return unwrap(value, self.convert)


@dataclass(frozen=True, slots=True)
class EndpointFetch:
    """A `via` field, for all objects at once."""

    via: Via
    endpoint: Endpoint
    convert: Convert
    convert_arguments: Callable[[dict[str, Any]], dict[str, Any]]
    """From coerced GraphQL arguments to those of the endpoint."""
    has_key_list: bool = False
    """Whether each object has a list of keys, and the field the list of what they have."""
    key_name: str | None = None
    """The attribute of each object that is its key, where one call can have the keys of all of them."""
    replaces_null: bool = False
    """Whether the field has its default instead of null."""


@dataclass(frozen=True, slots=True)
class FetchedNeed:
    """A batched `via` field that a computed one needs."""

    name: str
    via: Via
    endpoint: Endpoint
    key: str
    """The field that gives its key."""
    convert: Convert
    selection: Selection | None
    """What is requested of a GraphQL upstream."""


@dataclass(frozen=True, slots=True)
class ComputedSet:
    """A computed field that needs fetched ones, for all objects at once."""

    method: Callable[[Any], Any]
    needs: tuple[str | FetchedNeed, ...]
    """In the author's order; plain fields by name."""
    convert: Convert
    only_class: type
    """The class whose objects it is for."""


@dataclass(frozen=True, slots=True)
class ResolverCall:
    """A resolver with graphql-core's signature, or the executor's default."""


RESOLVER_CALL: Final = ResolverCall()

Resolution = Typename | Attribute | RecordPart | Method | EndpointFetch | ComputedSet | ResolverCall


def choose_resolution(schema: GraphQLSchema, field: GraphQLField, parent: GraphQLObjectType) -> Resolution:
    """The way for a field of a type."""
    if field.resolve is TypeNameMetaFieldDef.resolve:
        return Typename()
    own = own_field_of(field)
    records = schema.extensions.get(RECORDS)
    if own is None or records is None or own.extensions or field.subscribe is not None or handles_exceptions(schema):
        return RESOLVER_CALL
    convert = records.converter(field.type)
    is_leaf = is_leaf_type(get_named_type(field.type))
    resolver = own.base_resolver
    if resolver is None and own.default_resolver is getattr:
        return Attribute(own.python_name, attrgetter(own.python_name), None if is_leaf else convert)
    via: Via | None = own.metadata.get(VIA)
    if via is not None and isinstance(via.endpoint, Endpoint):
        definition = definition_of(parent)
        has_list = is_list_type(field.type) and definition is not None and has_key_list(via, definition.origin)
        convert_arguments = partial(python_arguments, schema, own)
        return EndpointFetch(
            via,
            via.endpoint,
            convert,
            convert_arguments,
            has_list,
            _find_key_name(via, via.endpoint),
            via.replaces_null,
        )
    if resolver is None or not is_leaf or parent is schema.mutation_type:
        return RESOLVER_CALL
    info = resolver.info_parameter
    if _is_method(own) and not (own.is_async and (own.arguments or info)):
        takes = partial(python_arguments, schema, own) if own.arguments else None
        method: Any = resolver.wrapped_func
        if info is None:
            return Method(method, convert, takes)
        make_info = partial(wrap_info, owner_schema(schema).config.info_class, own)
        return Method(partial(_pass_info, method, info.name), convert, takes, make_info=make_info)
    return _choose_computed(schema, own, parent, convert)


def _pass_info(method: Callable[..., Any], name: str, source: Any, info: Any, /, **arguments: Any) -> Any:
    return method(source, **arguments, **{name: info})


def _choose_computed(
    schema: GraphQLSchema, own: StrawberryField, parent: GraphQLObjectType, convert: Convert
) -> Resolution:
    record, definition = own.metadata.get(COMPUTED), definition_of(parent)
    if not isinstance(record, Computed) or definition is None:
        return RESOLVER_CALL
    compute = record.compute_directly(definition.origin)
    if compute is not None:
        return Method(compute, convert, only_class=definition.origin)
    if record.method is None:
        return RESOLVER_CALL
    needs = [_choose_need(schema, parent, definition.origin, name) for name in record.needs]
    if None in needs:
        return RESOLVER_CALL
    return ComputedSet(record.method, tuple(each for each in needs if each is not None), convert, definition.origin)


def _choose_need(schema: GraphQLSchema, parent: GraphQLObjectType, cls: type, name: str) -> str | FetchedNeed | None:
    """How a field that is needed gets its value; None where it takes more than a plain key of a batch."""
    own = find_own_field(cls, name)
    if own is None or COMPUTED in own.metadata:
        return None
    via: Via | None = own.metadata.get(VIA)
    if via is None:
        return name
    endpoint = via.endpoint
    batch = endpoint.batch if isinstance(endpoint, Endpoint) else None
    if not isinstance(endpoint, Endpoint) or batch is None or batch.parts or not endpoint.operation.is_safe:
        return None
    if tuple(via.from_fields) != (batch.parameter,) or via.from_made or has_key_list(via, cls):
        return None
    found = [
        field.type for field in parent.fields.values() if getattr(own_field_of(field), "python_name", None) == name
    ]
    if not found:
        return None
    selection = leaves_of(schema, found[0]) if endpoint.selects else None
    convert = schema.extensions[RECORDS].converter(found[0])
    return FetchedNeed(name, via, endpoint, via.from_fields[batch.parameter], convert, selection)


def _is_method(own: StrawberryField) -> bool:
    resolver = own.base_resolver
    if resolver is None or not resolver.self_parameter or not callable(resolver.wrapped_func):
        return False
    return not (resolver.parent_parameter or resolver.root_parameter)


def _find_key_name(via: Via, endpoint: Endpoint) -> str | None:
    batch = endpoint.batch
    if batch is None or batch.parts or not endpoint.operation.is_safe or tuple(via.from_fields) != (batch.parameter,):
        return None
    return via.from_fields[batch.parameter]
