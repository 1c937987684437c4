"""@stream in sets: the first items of all lists at once, then the others. Used by bff.engine.execute.run.

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
from graphql.execution.executor import Executor
from graphql.execution.incremental import ItemStream, StreamItemQueue, StreamItemValue
from graphql.pyutils import is_iterable

from bff.engine.compile.batchability import manner_of
from bff.engine.compile.shapes import Step, Streamed
from bff.engine.execute.awaitables import has_awaitables, leave
from bff.engine.execute.failures import FAILED
from bff.engine.execute.paths import Position, Rows, Where
from bff.engine.execute.suspend import Line
from bff.engine.incremental.deferred import Left, Portion, Running, path_at


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """Items that follow the first ones of their lists."""

    lists: Where
    rows: Sequence[int]
    """The list of each item."""
    indexes: Sequence[int]
    is_nullable: bool

    def up(self, row: int) -> Iterator[Position]:
        """The item's index, then where its list is."""
        yield Position(self.indexes[row], self.indexes[row], self.is_nullable, None)
        yield from self.lists.up(self.rows[row])

    def outer(self, row: int) -> tuple[Where, int]:
        """The list."""
        return self.lists, self.rows[row]


@dataclass(slots=True)
class Opened:
    """A list of which the first items have been taken."""

    first: list[Any]
    rest: Sequence[Any] | Iterator[Any] | AsyncIterator[Any] | None
    """The items after them; None when it ended before."""


async def opened(values: Sequence[Any], count: int, executor: Executor[Any], field: str, line: Line) -> list[Any]:
    """The lists of a set with their first items taken, or the exceptions in their places."""
    if not any(map(executor.is_async_iterable, values)):
        return [_outcome(partial(_opened, value, count, executor, field)) for value in values]
    await line.may_wait()
    if len(values) == 1:
        return [await _opened_later(values[0], count, executor, field)]
    return await asyncio.gather(*(_opened_later(value, count, executor, field) for value in values))


def stream(run: Running, streamed: Streamed, lists: Sequence[Opened | Any], where: Where, step: Step) -> None:
    """Leave for later what follows the first items."""
    own = _Streams(run, streamed, where, step)
    sequences = {row: each.rest for row, each in enumerate(lists) if isinstance(each, Opened) and _is_there(each.rest)}
    portions = own.in_sets(sequences)
    for row, each in enumerate(lists):
        if row in sequences:
            own.add(row, partial(own.from_portions, portions[row]), partial(own.left_alone, portions[row]))
        elif isinstance(each, Opened) and each.rest is not None:
            own.add(row, partial(own.one_by_one, row, each.rest), partial(own.closed, each.rest))


class _Streams:
    """Those of one field for all objects of a set."""

    def __init__(self, run: Running, streamed: Streamed, where: Where, step: Step) -> None:
        self._run = run
        self._executor = run.executor
        self._streamed = streamed
        self._where = where
        self._step = step
        self._manner = manner = manner_of(streamed)
        is_lazy = manner.is_unknown and not manner.is_batched and not self._executor.enable_early_execution
        self._is_alone = manner.is_alone or is_lazy

    def add(self, row: int, produce: Callable[..., Coroutine[Any, Any, None]], end: Callable[..., Any]) -> None:
        """Leave one list."""
        path = path_at(self._where, row)
        assert path is not None
        queue = StreamItemQueue(produce, end, eager=self._executor.enable_early_execution)
        item_stream = ItemStream(path, self._streamed.label, queue, self._streamed.first)
        self._run.later.left.append(Left(self._where, row, path, stream=item_stream))
        self._executor.streams.append(item_stream)

    def in_sets(self, rests: dict[int, Any]) -> dict[int, list[tuple[Portion, int, Any]]]:
        """For each list its items, with the portion and the row in it that each is made in."""
        rows = [row for row, rest in rests.items() for _ in rest]
        items = [item for rest in rests.values() for item in rest]
        indexes = [self._streamed.first + index for rest in rests.values() for index in range(len(rest))]
        base = self._following(rows, indexes)
        if self._is_alone or has_awaitables(items, self._executor.is_awaitable):
            made = portions = [self._portion(base, items, [number]) for number in range(len(items))]
        else:
            made = [self._portion(base, items, range(len(items)))]
            portions = made * len(items)
        if self._executor.enable_early_execution:
            for portion in made:
                portion.begin_soon(is_batched=self._manner.is_batched)
        found: dict[int, list[tuple[Portion, int, Any]]] = {row: [] for row in rests}
        for number, row in enumerate(rows):
            found[row].append((portions[number], number, items[number]))
        return found

    async def from_portions(self, items: list[tuple[Portion, int, Any]], queue: StreamItemQueue) -> None:
        """Push the items of a list that is there."""
        for portion, row, _ in items:
            await self._push(portion, row, queue)

    def left_alone(self, items: list[tuple[Portion, int, Any]], _reason: BaseException | None) -> None:
        """Nobody wants the items any more."""
        for portion, row, _ in items:
            portion.leave(row)
        alone = [item for portion, _, item in items if not portion.has_begun and self._executor.is_awaitable(item)]
        leave(alone, self._executor)

    async def one_by_one(self, row: int, rest: Any, queue: StreamItemQueue) -> None:
        """Push what an iterator gives, as it gives it."""
        index = self._streamed.first
        while True:
            try:
                item = await anext(rest) if isinstance(rest, AsyncIterator) else next(rest)
            except (StopAsyncIteration, StopIteration):
                return
            except Exception as error:
                path = path_at(self._where, row)
                raise located_error(error, self._step.nodes, path.as_list() if path else []) from error
            await self._push(self._portion(self._following([row], [index]), [item], [0]), 0, queue)
            index += 1

    def closed(self, rest: Any, _reason: BaseException | None) -> Any:
        """Tell an iterator that no more is asked of it."""
        if isinstance(rest, AsyncIterator):
            return _closed(rest)
        with suppress(Exception):
            leave(filter(self._executor.is_awaitable, list(rest)), self._executor)
        return None

    async def _push(self, portion: Portion, row: int, queue: StreamItemQueue) -> None:
        early = self._executor.enable_early_execution
        await queue.push(portion.result(row) if early else await portion.made(row))

    def _following(self, rows: Sequence[int], indexes: Sequence[int]) -> Following:
        return Following(self._where, rows, indexes, self._streamed.items.is_nullable)

    def _portion(self, base: Where, items: Sequence[Any], rows: Sequence[int]) -> Portion:
        return Portion(self._run, base, rows, partial(self._made, base, items), _part)

    async def _made(self, base: Where, items: Sequence[Any], run: Any, rows: Sequence[int]) -> Any:
        values = [items[row] for row in rows]
        return await run.complete(self._streamed.items, values, Rows(base, rows), self._step, Line())


def _part(_row: int, value: Any, errors: list[GraphQLError] | None) -> StreamItemValue:
    return StreamItemValue(value, errors)


def _is_there(rest: Any) -> bool:
    return isinstance(rest, list | tuple)


def _outcome(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - authors' code may raise anything; errors are values here
        return error


def _opened(value: Any, count: int, executor: Executor[Any], field: str) -> Any:
    if value is FAILED or isinstance(value, Exception):
        return value
    if not is_iterable(value):
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{field}'.")
    if isinstance(value, list | tuple):
        return Opened(list(value[:count]), value[count:] if len(value) >= count else None)
    iterator, items = iter(value), list[Any]()
    try:
        items.extend(islice(iterator, count))
    except Exception:
        leave(filter(executor.is_awaitable, items), executor)
        raise
    return Opened(items, iterator if len(items) == count else None)


async def _opened_later(value: Any, count: int, executor: Executor[Any], field: str) -> Any:
    if not executor.is_async_iterable(value):
        return _outcome(partial(_opened, value, count, executor, field))
    iterator, items = aiter(executor.cancellable_iterable(value)), list[Any]()
    try:
        while len(items) < count:
            items.append(await anext(iterator))
    except StopAsyncIteration:
        return Opened(items, None)
    except Exception as error:  # noqa: BLE001 - as above
        await _closed(iterator)
        leave(filter(executor.is_awaitable, items), executor)
        return error
    return Opened(items, iterator)


async def _closed(iterator: Any) -> None:
    close = getattr(iterator, "aclose", None)
    if close is not None:
        with suppress(Exception):
            await close()
