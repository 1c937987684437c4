"""Fetch a `via` field for all objects of a set: keys out, replies back, one call where the endpoint can batch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from bff.authoring.records import unwrap
from bff.engine.compile.resolvers import EndpointFetch
from bff.engine.compile.shapes import ReadsReplies, Step
from bff.engine.execute.fetch_lists import KeyLists, make_reader
from bff.engine.execute.paths import Column, path_to
from bff.engine.graphql_core import Executor
from bff.loading.scope import RequestScope
from connectors.batching import check_key
from connectors.contract import Operation, Selection
from connectors.errors import UpstreamError

_KEYS = frozenset({int, str})
"""What nearly every key is."""


async def fetch_column(
    scope: RequestScope,
    step: Step,
    fetch: EndpointFetch,
    executor: Executor[Any],
    sources: Sequence[Any],
    column: Column,
    *,
    is_alone: bool,
) -> tuple[list[Any], bool]:
    """The value, or the exception in its place, for each object; and whether they are the response's already.

    `is_alone`: no other column is fetched at the same time.
    """
    try:
        arguments = fetch.convert_arguments(step.coerce_arguments(executor.variable_values))
        selection = step.selection if step.select is None else step.select(executor.variable_values)
    except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
        return [error] * len(sources), False
    reader = step.reader
    if reader is None:
        reader = step.reader = make_reader(scope, executor, fetch, step.output, fetch.convert)
    lists = KeyLists(scope, executor, step, fetch, selection) if fetch.has_key_list else None
    if fetch.key_name is not None:
        others = {**fetch.via.constants, **fetch.via.choose_arguments(arguments)}
        keys = _read_keys(sources, fetch.key_name)
        if lists is not None:
            values, is_complete = await lists.fetch_column(keys, others, is_alone=is_alone), False
        else:
            values, is_complete = await _fetch_batched(scope, selection, fetch, reader, keys, others, is_alone=is_alone)
    elif len(sources) == 1:
        values, is_complete = [await _fetch_one(scope, selection, fetch, reader, sources[0], arguments, lists)], False
    else:
        works = (_fetch_one(scope, selection, fetch, reader, source, arguments, lists) for source in sources)
        meter = scope.meter
        values = list(await asyncio.gather(*(works if meter is None else meter.measure_each(works))))
        is_complete = False
    if not is_complete and any(issubclass(kind, UpstreamError) for kind in set(map(type, values))):
        values = [_use_default(fetch, value, executor, column, row) for row, value in enumerate(values)]
    if fetch.replaces_null and None in values:
        values = [_make_default(fetch) if value is None else value for value in values]
    return values, is_complete


def _read_keys(sources: Sequence[Any], name: str) -> list[Any]:
    """The key of each object; the exception in its place where it cannot be read."""
    try:
        return list(map(attrgetter(name), sources))
    except Exception:  # noqa: BLE001 - a property of an author's may raise anything; then each is read by itself
        return [_read_key(source, name) for source in sources]


def _read_key(source: Any, name: str) -> Any:
    try:
        return getattr(source, name)
    except Exception as error:  # noqa: BLE001 - as above
        return error


def _key_or_error(operation: Operation, key: Any) -> Any:
    """The key, or the exception in its place where it cannot be one."""
    try:
        check_key(operation, key)
    except UpstreamError as error:
        return error
    return key


async def _fetch_batched(
    scope: RequestScope,
    selection: Selection | None,
    fetch: EndpointFetch,
    reader: ReadsReplies,
    keys: Sequence[Any],
    others: Mapping[str, Any],
    *,
    is_alone: bool,
) -> tuple[list[Any], bool]:
    """The value of each key, computed once however often the key occurs."""
    try:
        requested: dict[Any, Any] = dict.fromkeys(keys)
    except TypeError:  # an upstream sent an object or a list where the key should be
        checked = [_key_or_error(fetch.endpoint.operation, key) for key in keys]
        return await _fetch_batched(scope, selection, fetch, reader, checked, others, is_alone=is_alone)
    absent: dict[Any, Any] = {}
    if not _KEYS.issuperset(map(type, requested)):
        absent = {key: key for key in requested if key is None or isinstance(key, Exception)}
        for key in absent:
            del requested[key]
    if not requested:
        return list(keys), False
    answers = await scope.load_set(fetch.endpoint, others, list(requested), selection, is_alone=is_alone)
    may_complete = absent.keys() <= {None} and not fetch.replaces_null
    values, is_complete = await reader.read_batch(answers, may_complete=may_complete)
    if absent:
        values = {**values, **absent}
    return list(map(values.__getitem__, keys)), is_complete


async def _fetch_one(
    scope: RequestScope,
    selection: Selection | None,
    fetch: EndpointFetch,
    reader: ReadsReplies,
    source: Any,
    chosen: Mapping[str, Any],
    lists: KeyLists | None,
) -> Any:
    try:
        arguments = fetch.via.build_arguments(source, chosen)
        if arguments is None:
            return None
        if lists is not None:
            return await lists.fetch_one(arguments)
        return await reader.read_one(await scope.load(fetch.endpoint, arguments, selection))
    except Exception as error:  # noqa: BLE001 - errors are values here
        return error


def _use_default(fetch: EndpointFetch, value: Any, executor: Executor[Any], column: Column, row: int) -> Any:
    if not isinstance(value, UpstreamError):
        return value
    try:
        default = fetch.via.use_default(value, executor.context_value, path_to(column, row))
        return unwrap(default, fetch.convert)
    except Exception as error:  # noqa: BLE001 - the upstream's, or that of an author's default
        return error


def _make_default(fetch: EndpointFetch) -> Any:
    try:
        return unwrap(fetch.via.make_default(), fetch.convert)
    except Exception as error:  # noqa: BLE001 - that of an author's default
        return error
