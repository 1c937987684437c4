"""What authors' awaitables and iterators come to: nobody waits for what cannot be shown, and nothing is left unstarted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from graphql import ExecutionHooks, GraphQLError, build_schema, parse
from graphql.execution import AbortedGraphQLExecutionError
from graphql.pyutils import AbortController

from bff.engine import execute
from bff.engine.adapters.executor import fallbacks, natives
from connectors.endpoint import current_scope
from tests.waiting import time_limit

SCHEMA = build_schema(
    """
    type Item { id: Int! name: String }
    type Query { numbers: [Int!] loose: [Int] items: [Item!] first: Int second: Int must: Int! wanted(x: Int): Int }
    type Mutation { first: Int second: Int }
    """
)


class Log:
    """Awaitables that note what became of them."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def value(self, name: str, value: Any, turns: int = 0) -> Any:
        self.events.append(f"{name} begun")
        try:
            for _ in range(turns):
                await asyncio.sleep(0)
            if value is asyncio.Event:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.events.append(f"{name} cancelled")
            raise
        if isinstance(value, Exception):
            raise value
        return value

    def never(self, name: str) -> Any:
        return self.value(name, asyncio.Event)


@pytest.fixture
def log() -> Log:
    return Log()


async def run(query: str, root: Any, **options: Any) -> Any:
    async with time_limit():
        result = execute(SCHEMA, parse(query, experimental_fragment_arguments=True), root, **options)
        return await result if asyncio.iscoroutine(result) else result


def told(result: Any) -> list[Any]:
    return [(error.message, error.path) for error in result.errors or ()]


@pytest.mark.parametrize("null", [None, ValueError("no luck")])
async def test_a_list_that_cannot_be_shown_is_not_waited_for(log: Log, null: Any) -> None:
    """An item that is null ends the others of its list, and those of no other list."""
    lists = [[log.value("a", null), log.never("b")], [log.value("c", 1, turns=5), log.value("d", 2)]]
    query = "{ items { id } numbers }"
    result = await run(query, {"numbers": lists[0], "items": [{"id": each} for each in lists[1]]})
    assert result.data == {"items": [{"id": 1}, {"id": 2}], "numbers": None}
    assert [path for _, path in told(result)] == [["numbers", 0]]
    assert log.events.count("b cancelled") == 1
    assert not {"a cancelled", "c cancelled", "d cancelled"} & set(log.events)


async def test_items_that_may_be_null_do_not_end_each_other(log: Log) -> None:
    """Each stands for itself."""
    result = await run("{ loose }", {"loose": [log.value("a", ValueError("no luck")), log.value("b", 2, turns=3)]})
    assert result.data == {"loose": [None, 2]}
    assert "b cancelled" not in log.events


async def test_a_cancelled_request_cancels_all_that_it_waits_for(log: Log) -> None:
    """Also where items are watched for each other's sake."""
    running = asyncio.create_task(run("{ numbers }", {"numbers": [log.never("a"), log.never("b")]}))
    while len(log.events) < 2:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert log.events[2:] == ["a cancelled", "b cancelled"]


async def test_what_nobody_waits_for_ends_by_itself(log: Log) -> None:
    """A null that is there at once: the result needs no waiting, and coroutines are not left unstarted."""
    result = execute(SCHEMA, parse("{ numbers first }"), {"numbers": [log.value("a", 1), None], "first": 1})
    assert result.data == {"numbers": None, "first": 1}  # type: ignore[union-attr]  # no awaitable
    assert log.events == []
    await asyncio.sleep(0.01)
    assert log.events == ["a begun"]


async def test_in_the_gateway_nothing_outlives_the_answer(log: Log) -> None:
    """There, what nobody waits for is closed before it begins."""
    token = current_scope.set(object())  # type: ignore[arg-type]  # any scope at all
    try:
        execute(SCHEMA, parse("{ numbers }"), {"numbers": [log.value("a", 1), None]})
    finally:
        current_scope.reset(token)
    await asyncio.sleep(0.01)
    assert log.events == []


async def test_the_earlier_error_is_told_first(log: Log) -> None:
    """What failed at once, then what was waited for; at the same time, in the order of the document."""
    root = {
        "second": log.value("a", ValueError("waited for, later in the document"), turns=2),
        "first": log.value("b", ValueError("waited for")),
        "wanted": ValueError("at once"),
    }
    result = await run("{ first second wanted }", root)
    assert [message for message, _ in told(result)] == ["at once", "waited for", "waited for, later in the document"]


async def test_an_iterator_that_raises_midway_fails_its_list_only(log: Log) -> None:
    """What it still holds is seen to."""

    class Broken:
        def __init__(self) -> None:
            self.given: Iterator[Any] = iter([1, ValueError("bad"), log.value("a", 2)])

        def __iter__(self) -> Iterator[Any]:
            return self

        def __next__(self) -> Any:
            value = next(self.given)
            if isinstance(value, Exception):
                raise value
            return value

    result = await run("{ loose first }", {"loose": Broken(), "first": 1})
    assert (result.data, told(result)) == ({"loose": None, "first": 1}, [("bad", ["loose"])])
    await asyncio.sleep(0.01)
    assert log.events == ["a begun"]


async def test_an_async_iterator_is_closed_when_its_list_is_lost() -> None:
    """No more is asked of it than what decides."""
    asked = 0
    is_closed = False

    async def numbers() -> AsyncIterator[Any]:
        nonlocal asked, is_closed
        try:
            for number in (1, None, 3, 4):
                asked += 1
                yield number
        finally:
            is_closed = True

    result = await run("{ numbers }", {"numbers": numbers()})
    assert (result.data, asked, is_closed) == ({"numbers": None}, 2, True)


async def test_an_abort_signal_ends_what_is_under_way(log: Log) -> None:
    """The error has what was there until then, and the hook hears of the end."""
    controller, ended, before = AbortController(), asyncio.Event(), fallbacks.total()
    root = {"first": log.never("a"), "second": 2, "loose": [log.never("b"), 1]}
    hooks = ExecutionHooks(async_work_finished=lambda info: ended.set())
    running = asyncio.create_task(run("{ first second loose }", root, abort_signal=controller.signal, hooks=hooks))
    while len(log.events) < 2:
        await asyncio.sleep(0)
    controller.abort(GraphQLError("enough"))
    with pytest.raises(AbortedGraphQLExecutionError) as caught:
        await running
    partial = await caught.value.aborted_result
    assert partial.data == {"first": None, "second": 2, "loose": [None, 1]}
    assert {message for message, _ in told(partial)} == {"enough"}
    assert sorted(log.events[2:]) == ["a cancelled", "b cancelled"]
    async with time_limit():
        await ended.wait()
    assert fallbacks.total() == before


async def test_an_abort_signal_stops_mutations_between_their_fields() -> None:
    """What follows has no effect."""
    controller, done = AbortController(), []

    def first(info: Any) -> int:
        done.append("first")
        controller.abort(GraphQLError("enough"))
        return 1

    root = {"first": first, "second": lambda info: done.append("second")}
    with pytest.raises(GraphQLError, match="enough"):
        await run("mutation { first second }", root, abort_signal=controller.signal)
    assert done == ["first"]


async def test_middleware_is_around_every_resolver_once_for_each_object() -> None:
    """Introspection and __typename included, on the engine."""
    seen: list[Any] = []

    def watch(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
        seen.append(info.path.as_list())
        return resolve(source, info, **arguments)

    before = natives["query"]
    query = "{ items { id __typename } __schema { queryType { name } } }"
    await run(query, {"items": [{"id": 1}, {"id": 2}]}, middleware=[watch])
    assert natives["query"] == before + 1
    items = [["items", row, name] for name in ("id", "__typename") for row in (0, 1)]
    schema = ["__schema"], ["__schema", "queryType"], ["__schema", "queryType", "name"]
    assert sorted(map(str, seen)) == sorted(map(str, [["items"], *items, *schema]))


async def test_fragments_have_variables_of_their_own() -> None:
    """Their values are this request's, though the document stays."""
    text = "query ($n: Int) { a: __typename ...F(x: $n) } fragment F($x: Int) on Query { wanted(x: $x) }"
    document = parse(text, experimental_fragment_arguments=True)
    root = {"wanted": lambda info, x: x}
    before = natives["query"]
    results: list[Any] = [execute(SCHEMA, document, root, variable_values={"n": n}) for n in (1, 2)]
    assert [each.data for each in results] == [{"a": "Query", "wanted": 1}, {"a": "Query", "wanted": 2}]
    assert natives["query"] == before + 2


async def test_without_error_propagation_every_position_may_be_null() -> None:
    """The directive that clients with semantic nullability send."""
    query = "query @experimental_disableErrorPropagation { must numbers first }"
    result = await run(query, {"must": None, "numbers": [1, None, ValueError("bad")], "first": 1})
    assert result.data == {"must": None, "numbers": [1, None, None], "first": 1}
    assert [path for _, path in told(result)] == [["must"], ["numbers", 1], ["numbers", 2]]
