"""Paths of rows: worked out from the sets that a row came through."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bff.engine.execute.paths import Column, Items, Root, Rows, core_path_to, path_to


def field(key: str, *, order: int = 0, is_nullable: bool = True) -> Any:
    """A step, as far as paths need it."""
    return SimpleNamespace(
        key=key, order=order, is_nullable=is_nullable, nodes=[], parent_type=SimpleNamespace(name="T")
    )


def test_items_of_lists_of_different_lengths() -> None:
    """Empty lists too."""
    lists = Column(Root(), field("matrix"))
    items = Items(lists, [2, 0, 3], is_nullable=False)
    assert [path_to(items, row)[1:] for row in range(5)] == [[0], [1], [0], [1], [2]]
    assert [items.parent(row)[1] for row in range(5)] == [0, 0, 2, 2, 2]


def test_rows_that_are_left() -> None:
    """The second object that is there is the third of the list."""
    people = Items(Column(Root(), field("people")), [3], is_nullable=True)
    names = Column(Rows(people, [0, 2]), field("name", order=1, is_nullable=False))
    assert path_to(names, 1) == ["people", 2, "name"]
    assert [position.is_nullable for position in names.positions(1)] == [False, True, True]
    path = core_path_to(names, 1)
    assert (path.as_list(), path.typename) == (["people", 2, "name"], "T")
