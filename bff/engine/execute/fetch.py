"""Fetch a `via` field for all objects of a set: keys out, replies back, one call where the endpoint can batch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from graphql.execution.executor import Executor

from bff.authoring.fields import plain
from bff.authoring.records import unwrap
from bff.engine.compile.resolvers import Fetched
from bff.engine.compile.shapes import Step
from bff.engine.execute.paths import Column, path_to
from bff.engine.execute.read import Reading
from bff.loading.scope import RequestScope
from connectors.errors import UpstreamError

_KEYS = frozenset({int, str})
"""What nearly every key is."""


async def fetch_column(
    scope: RequestScope,
    step: Step,
    fetched: Fetched,
    executor: Executor[Any],
    sources: Sequence[Any],
    column: Column,
    *,
    is_alone: bool,
) -> tuple[list[Any], bool]:
    """The value, or the exception in its place, for each object; and whether they are the response's already.

    `is_alone`: no other column is fetched in this moment.
    """
    try:
        given = fetched.python_arguments(step.arguments(executor.variable_values))
    except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
        return [error] * len(sources), False
    via, batch = fetched.via, fetched.endpoint.batch
    is_safe = fetched.endpoint.operation.is_safe
    if step.reading is None:
        step.reading = Reading(executor.schema, step.output, fetched.convert, fetched.endpoint)
    if batch is not None and is_safe and tuple(via.from_fields) == (batch.parameter,):
        others = {**via.constants, **{name: plain(given[name]) for name in via.from_arguments}}
        keys = _keys(sources, via.from_fields[batch.parameter])
        values, is_finished = await _batched(scope, step, fetched, keys, others, is_alone=is_alone)
    elif len(sources) == 1:
        values, is_finished = [await _single(scope, step, fetched, sources[0], given)], False
    else:
        values = list(await asyncio.gather(*(_single(scope, step, fetched, source, given) for source in sources)))
        is_finished = False
    if not is_finished and any(issubclass(kind, UpstreamError) for kind in set(map(type, values))):
        values = [_instead(fetched, value, executor, column, row) for row, value in enumerate(values)]
    return values, is_finished


def _keys(sources: Sequence[Any], name: str) -> list[Any]:
    """The key of each object; the exception in its place where it cannot be read."""
    try:
        return list(map(attrgetter(name), sources))
    except Exception:  # noqa: BLE001 - a property of an author's may raise anything; then each is asked by itself
        return [_outcome(source, name) for source in sources]


def _outcome(source: Any, name: str) -> Any:
    try:
        return getattr(source, name)
    except Exception as error:  # noqa: BLE001 - as above
        return error


def _hashable(key: Any) -> Any:
    """The key, or the exception in its place where it cannot be one."""
    try:
        hash(key)
    except TypeError as error:
        return error
    return key


async def _batched(
    scope: RequestScope,
    step: Step,
    fetched: Fetched,
    keys: Sequence[Any],
    others: Mapping[str, Any],
    *,
    is_alone: bool,
) -> tuple[list[Any], bool]:
    """Each key's value, made once however often the key is asked for."""
    try:
        wanted: dict[Any, Any] = dict.fromkeys(keys)
    except TypeError:  # an upstream sent an object or a list where the key should be
        return await _batched(scope, step, fetched, list(map(_hashable, keys)), others, is_alone=is_alone)
    absent: dict[Any, Any] = {}
    if not _KEYS.issuperset(map(type, wanted)):
        absent = {key: key for key in wanted if key is None or isinstance(key, Exception)}
        for key in absent:
            del wanted[key]
    if not wanted:
        return list(keys), False
    answers = await scope.load_set(fetched.endpoint, others, list(wanted), step.selection, is_alone=is_alone)
    values, is_finished = step.reading.dealt(answers, may_finish=absent.keys() <= {None})
    if absent:
        values = {**values, **absent}
    return list(map(values.__getitem__, keys)), is_finished


async def _single(scope: RequestScope, step: Step, fetched: Fetched, source: Any, given: Mapping[str, Any]) -> Any:
    try:
        arguments = fetched.via.arguments(source, given)
        if arguments is None:
            return None
        return await step.reading.alone(await scope.load(fetched.endpoint, arguments, step.selection))
    except Exception as error:  # noqa: BLE001 - errors are values here
        return error


def _instead(fetched: Fetched, value: Any, executor: Executor[Any], column: Column, row: int) -> Any:
    if not isinstance(value, UpstreamError):
        return value
    try:
        default = fetched.via.instead(value, executor.context_value, path_to(column, row))
        return unwrap(default, fetched.convert)
    except Exception as error:  # noqa: BLE001 - the upstream's, or that of an author's default
        return error
