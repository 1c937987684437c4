"""What a run leaves for later: its order, its rows, and what a null drops."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bff.engine.execute.paths import Column, Items, Root, core_path_or_none
from bff.engine.incremental.deferred import DeferredPart, collect_work
from bff.engine.incremental.delivery import IncrementalDelivery


def field(key: str, order: int = 0) -> Any:
    parent = SimpleNamespace(name="T")
    return SimpleNamespace(key=key, order=order, is_nullable=True, nodes=[], parent_type=parent)


ITEMS = Items(Column(Root(), field("items")), [2, 1], is_nullable=True)


def part(paths: Any, row: int, name: str) -> DeferredPart:
    made = DeferredPart(paths, row, core_path_or_none(paths, row))
    task: Any = SimpleNamespace(name=name, computation=SimpleNamespace(abort=lambda reason: None))
    made.tasks.append(task)
    return made


def names(work: Any) -> list[str]:
    return [task.name for task in work.tasks]


EXECUTOR: Any = SimpleNamespace(settle_abort_result=lambda result: None)


def test_what_is_inside_of_an_object_comes_before_what_is_its_own() -> None:
    """Then the order of lists and of the document."""
    parts = [part(Root(), 0, "root"), part(ITEMS, 1, "second"), part(ITEMS, 0, "first")]
    assert names(collect_work(parts, set(), EXECUTOR)) == ["first", "second", "root"]


def test_what_is_under_a_null_is_dropped() -> None:
    """And is told so, to end what it waits for."""
    dropped: list[str] = []
    parts = [part(ITEMS, 0, "first"), part(ITEMS, 1, "second")]
    parts[0].on_drop.append(lambda: dropped.append("first"))
    assert names(collect_work(parts, {("items", 0)}, EXECUTOR)) == ["second"]
    assert dropped == ["first"]
    assert names(collect_work(parts, {None}, EXECUTOR)) == []


def test_parts_are_split_by_the_row_they_are_below() -> None:
    """Another run begins with none."""
    delivery = IncrementalDelivery()
    assert not delivery.has_parts
    delivery.parts += [part(Column(ITEMS, field("name")), row, str(row)) for row in range(3)]
    assert delivery.has_parts
    assert {row: names(collect_work(each, set(), EXECUTOR)) for row, each in delivery.split_by_row(ITEMS).items()} == {
        0: ["0"],
        1: ["1"],
        2: ["2"],
    }
    assert not delivery.create_empty().has_parts
