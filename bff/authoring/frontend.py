"""`frontend(...)`: a strawberry schema that understands replies, records and fetched fields, checked as it is built."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, get_named_type, is_leaf_type, parse, validate
from graphql.error import GraphQLError
from strawberry.types.execution import ExecutionContext

from bff.authoring.checks import find_problems
from bff.authoring.computed import RECORDS
from bff.authoring.constraints import adopt_constraints
from bff.authoring.context import Context
from bff.authoring.cooperative import convert_in_slices
from bff.authoring.inputs import adopt_inputs
from bff.authoring.lookahead import selection_of
from bff.authoring.problems import SchemaError
from bff.authoring.records import Convert, Records, unwrap
from bff.authoring.relay_nodes import adopt_nodes
from bff.authoring.strawberry_insides import DEFINITION, core_schema, definition_of, is_default_resolver
from bff.authoring.user_errors import report_user_errors
from bff.contract import Example
from connectors.contract import Event, Reply, Selection, register_conversion
from connectors.endpoint import requested


class FrontendSchema(strawberry.Schema):
    """A strawberry schema that `frontend` returns. Runs on graphql-core as it is."""

    description: str = ""
    examples: Sequence[Example] = ()

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Print nothing: the gateway logs errors with the request they belong to."""


def example(title: str, query: str, **variables: Any) -> Example:
    """A query for GraphiQL's list, checked against the schema when it is built."""
    return Example(title=title, query=inspect.cleandoc(query) + "\n", variables=variables)


def frontend(
    *,
    query: type,
    mutation: type | None = None,
    subscription: type | None = None,
    types: Iterable[Any] = (),
    description: str = "",
    examples: Sequence[Example] = (),
    **options: Any,
) -> FrontendSchema:
    """Make a frontend's schema from its root types. Other options are those of `strawberry.Schema`.

    Raises SchemaError with every mistake in `via`, `take`, `computed`, constraints and examples, each with its place.
    """
    schema = FrontendSchema(query=query, mutation=mutation, subscription=subscription, types=types, **options)
    schema.description, schema.examples = description, tuple(examples)
    adopt_records(schema)
    core = core_schema(schema)
    problems = find_problems(core) + adopt_constraints(core)
    for each in schema.examples:
        problems += [f'example "{each.title}": {error.message}' for error in validate(core, parse(each.query))]
    if problems:
        raise SchemaError(problems)
    return schema


def adopt_records(schema: strawberry.Schema) -> None:
    """Teach any strawberry schema about replies, records and inputs, by a wrapper around each resolver. Idempotent."""
    core = core_schema(schema)
    if RECORDS in core.extensions:
        return
    adopt_inputs(core)
    core.extensions[RECORDS] = records = Records(core)
    adopt_nodes(core, records)
    for type_ in core.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        _adopt_type_check(type_)
        for field in type_.fields.values():
            if type_ is core.mutation_type and field.resolve is not None and not is_default_resolver(field.resolve):
                field.resolve = report_user_errors(field.resolve)
            _adopt_field(field, records)


def _adopt_type_check(type_: GraphQLObjectType) -> None:
    """Have an author's `is_type_of` asked of a record only, and not again of the object that is made of it."""
    definition = definition_of(type_)
    own = getattr(definition, "is_type_of", None)
    if definition is None or own is None:
        return
    cls = definition.origin

    def is_type_of(value: Any, info: GraphQLResolveInfo[Any]) -> Any:
        return type(value) is cls or own(value, info)

    type_.is_type_of = is_type_of


def _adopt_field(field: GraphQLField, records: Records) -> None:
    convert = records.converter(field.type)
    has_fields = not is_leaf_type(get_named_type(field.type))
    if field.subscribe is not None:
        field.subscribe = _wrap_subscription(field.subscribe, convert, has_fields)
    elif field.resolve is not None and not is_default_resolver(field.resolve):
        field.resolve = _wrap_resolver(field.resolve, convert, has_fields)
    elif field.resolve is not None and has_fields:
        field.resolve = _wrap_default_resolver(field.resolve, convert)


def _wrap_resolver(resolve: Callable[..., Any], convert: Convert, has_fields: bool) -> Callable[..., Any]:
    is_async = inspect.iscoroutinefunction(resolve)

    async def finish(begin: Callable[[], Awaitable[Any]], selection: Selection | None) -> Any:
        token = requested.set(selection)
        try:
            value = await begin()
            if isinstance(value, Reply):
                await value.read()
            return await convert_in_slices(partial(unwrap, convert=convert), value)
        finally:
            requested.reset(token)

    def resolve_converted(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if is_async:  # begun when it is awaited: a coroutine that is never awaited would be warned of
            return finish(partial(resolve, source, info, **arguments), _get_selection(info) if has_fields else None)
        result = resolve(source, info, **arguments)
        if inspect.isawaitable(result):
            return finish(lambda: result, _get_selection(info) if has_fields else None)
        return unwrap(result, convert)

    return resolve_converted


def _wrap_default_resolver(resolve: Callable[..., Any], convert: Convert) -> Callable[..., Any]:
    """For a plain field of an object that its author made with a reply in it: `Payload(order=await orders.place())`."""

    def resolve_held(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        result = resolve(source, info, **arguments)
        held = result[0] if isinstance(result, list) and result else result
        return unwrap(result, convert) if isinstance(held, Reply | Event | dict) else result

    return resolve_held


def _wrap_subscription(subscribe: Callable[..., Any], convert: Convert, has_fields: bool) -> Callable[..., Any]:
    async def events(stream: Any, selection: Selection | None) -> AsyncIterator[Any]:
        """Set the selection around each step only: a generator shares its context with the code that iterates it."""
        async with aclosing(stream):
            while True:
                token = requested.set(selection)
                try:
                    event = await anext(stream)
                except StopAsyncIteration:
                    return
                finally:
                    requested.reset(token)
                yield unwrap(event, convert)

    async def subscribe_converted(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        stream = subscribe(source, info, **arguments)
        if inspect.isawaitable(stream):
            stream = await stream
        return events(stream, _get_selection(info) if has_fields else None)

    return subscribe_converted


def _get_selection(info: GraphQLResolveInfo[Any]) -> Selection | None:
    """What this field wants, worked out once per field of an operation and not once per object."""
    if not isinstance(info.context, Context):
        return selection_of(info)
    path = tuple(step for step in info.path.as_list() if isinstance(step, str))
    key = (info.parent_type.name, path)
    known: dict[tuple[object, ...], Selection] = info.context.selections
    if key not in known:
        selection = selection_of(info)
        if selection is None:
            return None
        known[key] = selection
    return known[key]


def _is_strawberry(shape: Any) -> bool:
    return hasattr(_innermost_class(shape), DEFINITION)


def _innermost_class(shape: Any) -> Any:
    while (inner := getattr(shape, "of_type", None)) is not None or getattr(shape, "__origin__", None) is list:
        shape = inner if inner is not None else shape.__args__[0]
    return shape


_standalone: dict[type, Convert] = {}


def _convert_standalone(data: Any, shape: Any) -> Any:
    """`reply.into(Product)` or `reply.into(list[Product])`, outside of any frontend."""
    cls = _innermost_class(shape)
    if cls not in _standalone:
        schema = strawberry.Schema(query=strawberry.type(type("Query", (), {"__annotations__": {"it": cls}})))
        core = core_schema(schema)
        definition = getattr(cls, DEFINITION)
        name = schema.config.name_converter.from_type(definition)
        _standalone[cls] = Records(core).converter(core.type_map[name])
    convert = _standalone[cls]
    return [convert(item) for item in data] if isinstance(data, list) else convert(data)


register_conversion(_is_strawberry, _convert_standalone)
