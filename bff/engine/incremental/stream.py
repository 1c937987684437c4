"""@stream in sets: the first items of all lists at once, then the others. Used by `delivery`.

The items of lists that are there are one run; what comes item by item (iterators, awaitables) is run so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from graphql import GraphQLError
from graphql.error import located_error

from bff.engine.compile.batchability import find_batchability
from bff.engine.compile.shapes import Step, StreamedList
from bff.engine.execute.awaitables import abandon, close_iterator, has_awaitables
from bff.engine.execute.complete import complete_values
from bff.engine.execute.execution import Execution
from bff.engine.execute.failures import FAILED
from bff.engine.execute.paths import Paths, Position, Rows, core_path_or_none
from bff.engine.execute.suspend import Line
from bff.engine.graphql_core import (
    Executor,
    IncrementalExecutor,
    ItemStream,
    StreamItemQueue,
    StreamItemValue,
    is_iterable,
)
from bff.engine.incremental.deferred import DeferredPart, DeferredParts
from bff.engine.incremental.portion import Portion


@dataclass(frozen=True, slots=True, eq=False)
class StreamedItems:
    """Items that follow the first ones of their lists."""

    lists: Paths
    rows: Sequence[int]
    """The list of each item."""
    indexes: Sequence[int]
    is_nullable: bool

    def positions(self, row: int) -> Iterator[Position]:
        """The item's index, then where its list is."""
        yield Position(self.indexes[row], self.indexes[row], self.is_nullable, None)
        yield from self.lists.positions(self.rows[row])

    def parent(self, row: int) -> tuple[Paths, int]:
        """The list."""
        return self.lists, self.rows[row]


@dataclass(slots=True)
class OpenList:
    """A list of which the first items have been taken."""

    initial_items: list[Any]
    rest: Sequence[Any] | Iterator[Any] | AsyncIterator[Any] | None
    """The items after them; None when it ended before."""


async def open_lists(values: Sequence[Any], count: int, executor: Executor[Any], field: str, line: Line) -> list[Any]:
    """The lists of a set with their first items taken, or the exceptions in their places."""
    if not any(map(executor.is_async_iterable, values)):
        return [_catch_error(partial(_open_list, value, count, executor, field)) for value in values]
    await line.enter_loop()
    if len(values) == 1:
        return [await _open_iterable(values[0], count, executor, field)]
    return await asyncio.gather(*(_open_iterable(value, count, executor, field) for value in values))


def stream_rest(
    run: Execution,
    executor: IncrementalExecutor,
    deferred: DeferredParts,
    streamed: StreamedList,
    lists: Sequence[OpenList | Any],
    paths: Paths,
    step: Step,
) -> None:
    """Leave for later what follows the first items."""
    own = _FieldStreams(run, executor, deferred, streamed, paths, step)
    sequences = {
        row: each.rest for row, each in enumerate(lists) if isinstance(each, OpenList) and _is_there(each.rest)
    }
    portions = own.make_portions(sequences)
    for row, each in enumerate(lists):
        if row in sequences:
            own.add_list(row, partial(own.push_list, portions[row]), partial(own.drop_items, portions[row]))
        elif isinstance(each, OpenList) and each.rest is not None:
            own.add_list(row, partial(own.push_iterable, row, each.rest), partial(own.close_source, each.rest))


class _FieldStreams:
    """The streams of one field for all objects of a set."""

    def __init__(
        self,
        run: Execution,
        executor: IncrementalExecutor,
        deferred: DeferredParts,
        streamed: StreamedList,
        paths: Paths,
        step: Step,
    ) -> None:
        self._run = run
        self._executor = executor
        self._deferred = deferred
        self._streamed = streamed
        self._paths = paths
        self._step = step
        self._batchability = batchability = find_batchability(streamed)
        is_lazy = batchability.is_unknown and not batchability.is_batched and not self._executor.enable_early_execution
        self._is_alone = batchability.is_alone or is_lazy

    def add_list(self, row: int, produce: Callable[..., Coroutine[Any, Any, None]], end: Callable[..., Any]) -> None:
        """Leave one list."""
        path = core_path_or_none(self._paths, row)
        assert path is not None
        queue = StreamItemQueue(produce, end, eager=self._executor.enable_early_execution)
        item_stream = ItemStream(path, self._streamed.label, queue, self._streamed.initial_count)
        self._deferred.parts.append(DeferredPart(self._paths, row, path, stream=item_stream))
        self._executor.streams.append(item_stream)

    def make_portions(self, rests: dict[int, Any]) -> dict[int, list[tuple[Portion, int, Any]]]:
        """For each list its items, each with its portion and its row in the portion."""
        rows = [row for row, rest in rests.items() for _ in rest]
        items = [item for rest in rests.values() for item in rest]
        indexes = [self._streamed.initial_count + index for rest in rests.values() for index in range(len(rest))]
        base = self._paths_of(rows, indexes)
        if self._is_alone or has_awaitables(items, self._executor.is_awaitable):
            distinct = portions = [self._make_portion(base, items, [number]) for number in range(len(items))]
        else:
            distinct = [self._make_portion(base, items, range(len(items)))]
            portions = distinct * len(items)
        if self._executor.enable_early_execution:
            for portion in distinct:
                portion.start_soon(is_batched=self._batchability.is_batched)
        found: dict[int, list[tuple[Portion, int, Any]]] = {row: [] for row in rests}
        for number, row in enumerate(rows):
            found[row].append((portions[number], number, items[number]))
        return found

    async def push_list(self, items: list[tuple[Portion, int, Any]], queue: StreamItemQueue) -> None:
        """Push the items of a list that is there."""
        for portion, row, _ in items:
            await self._push_item(portion, row, queue)

    def drop_items(self, items: list[tuple[Portion, int, Any]], _reason: BaseException | None) -> None:
        """Note that the items are not wanted any more."""
        for portion, row, _ in items:
            portion.drop_row(row)
        alone = [item for portion, _, item in items if not portion.has_started and self._executor.is_awaitable(item)]
        abandon(alone, self._executor)

    async def push_iterable(self, row: int, rest: Any, queue: StreamItemQueue) -> None:
        """Push what an iterator gives, as it gives it."""
        index = self._streamed.initial_count
        while True:
            try:
                item = await anext(rest) if isinstance(rest, AsyncIterator) else next(rest)
            except (StopAsyncIteration, StopIteration):
                return
            except Exception as error:
                path = core_path_or_none(self._paths, row)
                raise located_error(error, self._step.nodes, path.as_list() if path else []) from error
            await self._push_item(self._make_portion(self._paths_of([row], [index]), [item], [0]), 0, queue)
            index += 1

    def close_source(self, rest: Any, _reason: BaseException | None) -> Any:
        """Tell an iterator that no more items are needed."""
        if isinstance(rest, AsyncIterator):
            return close_iterator(rest)
        with suppress(Exception):
            abandon(filter(self._executor.is_awaitable, list(rest)), self._executor)
        return None

    async def _push_item(self, portion: Portion, row: int, queue: StreamItemQueue) -> None:
        early = self._executor.enable_early_execution
        await queue.push(portion.get_result(row) if early else await portion.wait_for_result(row))

    def _paths_of(self, rows: Sequence[int], indexes: Sequence[int]) -> StreamedItems:
        return StreamedItems(self._paths, rows, indexes, self._streamed.items.is_nullable)

    def _make_portion(self, base: Paths, items: Sequence[Any], rows: Sequence[int]) -> Portion:
        make = partial(self._complete_items, base, items)
        return Portion(self._run, self._executor, self._deferred, base, rows, make, _publish_item)

    async def _complete_items(
        self, base: Paths, items: Sequence[Any], run: Execution, rows: Sequence[int]
    ) -> list[Any]:
        values = [items[row] for row in rows]
        return await complete_values(run, self._streamed.items, values, Rows(base, rows), self._step, Line())


def _publish_item(_row: int, value: Any, errors: list[GraphQLError] | None) -> StreamItemValue:
    return StreamItemValue(value, errors)


def _is_there(rest: Any) -> bool:
    return isinstance(rest, list | tuple)


def _catch_error(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - authors' code may raise anything; errors are values here
        return error


def _open_list(value: Any, count: int, executor: Executor[Any], field: str) -> Any:
    if value is FAILED or isinstance(value, Exception):
        return value
    if not is_iterable(value):
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{field}'.")
    if isinstance(value, list | tuple):
        return OpenList(list(value[:count]), value[count:] if len(value) >= count else None)
    iterator, items = iter(value), list[Any]()
    try:
        items.extend(islice(iterator, count))
    except Exception:
        abandon(filter(executor.is_awaitable, items), executor)
        raise
    return OpenList(items, iterator if len(items) == count else None)


async def _open_iterable(value: Any, count: int, executor: Executor[Any], field: str) -> Any:
    if not executor.is_async_iterable(value):
        return _catch_error(partial(_open_list, value, count, executor, field))
    iterator, items = aiter(executor.cancellable_iterable(value)), list[Any]()
    try:
        while len(items) < count:
            items.append(await anext(iterator))
    except StopAsyncIteration:
        return OpenList(items, None)
    except Exception as error:  # noqa: BLE001 - as above
        await close_iterator(iterator)
        abandon(filter(executor.is_awaitable, items), executor)
        return error
    return OpenList(items, iterator)
