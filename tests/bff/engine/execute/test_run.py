"""Running steps over sets: serially, side by side, in slices, and what a failure spares."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from graphql import parse

from bff import engine
from bff.engine.adapters.executor import InSets
from bff.engine.execute import run
from connectors.aio import cooperative
from tests.bff.engine.execute.world import await_both, run_both, schema_of
from tests.waiting import Turns

SCHEMA = schema_of(
    "type Item { id: Int!, name: String, size: Int } type Query { items: [Item], a: Int, b: Int, must: Int! }"
    " type Mutation { first: Int, second: Int!, third: Int }"
)


async def later(value: Any, log: list[str] | None = None, name: str = "") -> Any:
    for _ in range(3):
        await asyncio.sleep(0)
    if log is not None:
        log.append(name)
    if isinstance(value, Exception):
        raise value
    return value


async def test_siblings_run_side_by_side() -> None:
    """The second has begun before the first has ended."""
    log: list[str] = []

    async def slow(info: Any) -> int:
        log.append(f"{info.field_name} begins")
        await asyncio.sleep(0)
        log.append(f"{info.field_name} ends")
        return 1

    result = await engine.execute(SCHEMA, parse("{ a b }"), {"a": slow, "b": slow})
    assert result.data == {"a": 1, "b": 1}
    assert log == ["a begins", "b begins", "a ends", "b ends"]


async def test_fields_of_a_mutation_run_one_after_the_other() -> None:
    """After a failure that makes all of it null, none runs."""
    log: list[str] = []

    def root(second: Any) -> Any:
        log.clear()
        names = {"first": 1, "second": second, "third": 3}
        return {name: lambda info, n=name, v=value: later(v, log, n) for name, value in names.items()}

    result = await await_both(SCHEMA, "mutation { first second third }", lambda: root(2))
    assert (result.data, log) == ({"first": 1, "second": 2, "third": 3}, ["first", "second", "third"])
    result = await await_both(SCHEMA, "mutation { first second third }", lambda: root(ValueError("no luck")))
    assert (result.data, log) == (None, ["first", "second"])


def test_a_field_without_which_no_object_is_left_ends_its_siblings() -> None:
    """The root is null, and one error says why."""
    result = run_both(SCHEMA, "{ a must b }", {"a": 1, "must": None, "b": 2})
    assert result.data is None
    assert [error.path for error in result.errors or []] == [["must"]]


async def test_large_sets_are_worked_on_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another task runs in between, and the answer is the same."""
    items = [{"id": number, "name": str(number), "size": number} for number in range(50)]
    whole = run_both(SCHEMA, "{ items { id name size } }", {"items": items})
    for module in (run, cooperative):
        monkeypatch.setattr(module, "SLICE", 5)
    monkeypatch.setattr(InSets, "works_in_slices", True)
    async with Turns() as turns:
        result = await engine.execute(SCHEMA, parse("{ items { id name size } }"), {"items": items})
    assert result.data == whole.data
    assert turns.count >= 50 / 5
