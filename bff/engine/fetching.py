"""Fetch a `via` field for all objects of a set: keys out, replies back, one call where the endpoint can batch."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from graphql.execution.executor import Executor

from bff.authoring.fields import plain
from bff.authoring.records import unwrap
from bff.engine.resolving import Fetched
from bff.engine.shapes import Step
from bff.engine.where import Column, path_to
from bff.loading.scope import RequestScope
from connectors.contract import Reply
from connectors.errors import UpstreamError


async def fetch_column(
    scope: RequestScope, step: Step, fetched: Fetched, executor: Executor[Any], sources: Sequence[Any], column: Column
) -> list[Any]:
    """The value, or the exception in its place, for each object."""
    try:
        given = fetched.python_arguments(step.arguments(executor.variable_values))
    except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
        return [error] * len(sources)
    via, batch = fetched.via, fetched.endpoint.batch
    is_safe = fetched.endpoint.operation.is_safe
    if batch is not None and is_safe and tuple(via.from_fields) == (batch.parameter,):
        others = {**via.constants, **{name: plain(given[name]) for name in via.from_arguments}}
        keys = _keys(sources, via.from_fields[batch.parameter])
        values = await _batched(scope, step, fetched, keys, others)
    else:
        values = list(await asyncio.gather(*(_single(scope, step, fetched, source, given) for source in sources)))
    if any(isinstance(value, UpstreamError) for value in values):
        values = [_instead(fetched, value, executor, column, row) for row, value in enumerate(values)]
    return values


def _keys(sources: Sequence[Any], name: str) -> list[Any]:
    """The key of each object; the exception in its place where it cannot be read."""
    try:
        return [getattr(source, name) for source in sources]
    except Exception:  # noqa: BLE001 - a property of an author's may raise anything; then each is asked by itself
        return [_outcome(source, name) for source in sources]


def _outcome(source: Any, name: str) -> Any:
    try:
        return getattr(source, name)
    except Exception as error:  # noqa: BLE001 - as above
        return error


async def _batched(
    scope: RequestScope, step: Step, fetched: Fetched, keys: Sequence[Any], others: Mapping[str, Any]
) -> list[Any]:
    """Each key's value, converted once however often the key is asked for."""
    wanted: dict[Hashable, None] = {key: None for key in keys if key is not None and not isinstance(key, Exception)}
    outcomes = await scope.load_many(fetched.endpoint, others, list(wanted), step.selection)
    values = {key: _value(outcome, fetched) for key, outcome in zip(wanted, outcomes, strict=True)}
    return [key if key is None or isinstance(key, Exception) else values[key] for key in keys]


async def _single(scope: RequestScope, step: Step, fetched: Fetched, source: Any, given: Mapping[str, Any]) -> Any:
    try:
        arguments = fetched.via.arguments(source, given)
        if arguments is None:
            return None
        reply = await scope.load(fetched.endpoint, arguments, step.selection)
    except Exception as error:  # noqa: BLE001 - errors are values here
        return error
    return _value(reply, fetched)


def _value(outcome: Reply | Exception, fetched: Fetched) -> Any:
    if isinstance(outcome, Exception):
        return outcome
    try:
        data = outcome.data
    except Exception as error:  # noqa: BLE001 - reading may fail as sending may
        return error
    return data if isinstance(data, UpstreamError) else fetched.convert(data)


def _instead(fetched: Fetched, value: Any, executor: Executor[Any], column: Column, row: int) -> Any:
    if not isinstance(value, UpstreamError):
        return value
    try:
        default = fetched.via.instead(value, executor.context_value, path_to(column, row))
        return unwrap(default, fetched.convert)
    except Exception as error:  # noqa: BLE001 - the upstream's, or that of an author's default
        return error
