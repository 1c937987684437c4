"""Compute a field of fetched ones for all objects of a set: one fetch for each of these, then the author's method.

What it gives, and in which order errors count, is as in bff.authoring.computed, where each object is computed alone.
"""

from __future__ import annotations

from typing import Any

from bff.authoring.fields import is_nothing
from bff.authoring.records import unwrap
from bff.engine.compile.resolvers import ComputedSet, FetchedNeed, Method
from bff.engine.execute.attributes import read_attributes
from bff.engine.execute.paths import Column, path_to
from bff.engine.graphql_core import Executor
from bff.loading.scope import RequestScope
from connectors.batching import check_key
from connectors.errors import UpstreamError

Values = list[Any]


async def compute_column(
    scope: RequestScope, computed: ComputedSet, executor: Executor[Any], sources: Values, column: Column
) -> Values:
    """What the method returns for each object, or the exception in its place."""
    values: Values = [None] * len(sources)
    rows = list(range(len(sources)))
    for need in computed.needs:
        fetched = None if isinstance(need, str) else await _fetch_need(scope, need, [sources[row] for row in rows])
        left: list[int] = []
        for index, row in enumerate(rows):
            try:
                if isinstance(need, str):
                    value = getattr(sources[row], need)
                else:
                    assert fetched is not None
                    value = _read_need(need, fetched[index], executor, column, row)
                    if not isinstance(value, UpstreamError):
                        setattr(sources[row], need.name, value)
                if isinstance(value, UpstreamError):
                    raise value
            except Exception as error:  # noqa: BLE001 - errors are values here
                values[row] = error
            else:
                left.append(row)
        rows = left
    results = read_attributes(Method(computed.method, computed.convert), [sources[row] for row in rows])
    for row, value in zip(rows, results, strict=True):
        values[row] = value
    return values


async def _fetch_need(scope: RequestScope, need: FetchedNeed, sources: Values) -> Values:
    """A reply, an exception, or None where there is nothing to request, for each object."""
    via, endpoint = need.via, need.endpoint
    assert endpoint.batch is not None
    keys = [_read_key(need, source) for source in sources]
    wanted = list(dict.fromkeys(key for key in keys if key is not None and not isinstance(key, Exception)))
    if not wanted:
        return keys
    given = {name: via.find_default(name) for name in via.from_arguments}
    try:
        others = {**via.constants, **via.choose_arguments(given)}
        outcomes = await scope.load_many(endpoint, others, wanted, need.selection)
    except Exception as error:  # noqa: BLE001 - errors are values here
        outcomes = [error] * len(wanted)
    upstream = scope.upstreams.get(endpoint.operation.upstream)
    found: dict[Any, Any] = dict(zip(wanted, outcomes, strict=True))
    for outcome in found.values():
        if not isinstance(outcome, Exception):
            outcome.has_empty_lists = upstream is not None and upstream.has_empty_lists
    return [key if key is None or isinstance(key, Exception) else found[key] for key in keys]


def _read_key(need: FetchedNeed, source: Any) -> Any:
    try:
        key = getattr(source, need.key)
        return key if key is None or isinstance(key, UpstreamError) else check_key(need.endpoint.operation, key)
    except Exception as error:  # noqa: BLE001 - errors are values here
        return error


def _read_need(need: FetchedNeed, outcome: Any, executor: Executor[Any], column: Column, row: int) -> Any:
    """The value of the field that is needed. Raises what its fetching raised."""
    error = getattr(outcome, "data", None) if not isinstance(outcome, Exception) else outcome
    if isinstance(error, UpstreamError):
        return unwrap(need.via.use_default(error, executor.context_value, path_to(column, row)), need.convert)
    if isinstance(outcome, Exception):
        raise outcome
    return unwrap(need.via.make_default() if is_nothing(need.via, outcome) else outcome, need.convert)
