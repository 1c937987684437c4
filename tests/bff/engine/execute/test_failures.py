"""Errors of an operation: which null each reaches, which are reported, and in which order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bff.engine.execute.failures import FAILED, WAIT_COUNT, Failures, null_position
from bff.engine.execute.paths import Column, Items, Root


def field(key: str, *, order: int = 0, is_nullable: bool = True) -> Any:
    """A step, as far as paths need it."""
    parent = SimpleNamespace(name="T")
    return SimpleNamespace(key=key, order=order, is_nullable=is_nullable, nodes=[], parent_type=parent)


ITEMS = Items(Column(Root(), field("items")), [3], is_nullable=True)
NAME = Column(ITEMS, field("name", is_nullable=False))
SIZE = Column(ITEMS, field("size", order=1))


def reported(failures: Failures) -> list[tuple[str, Any]]:
    return [(error.message, error.path) for error in failures.list_errors()]


def test_an_error_makes_null_the_nearest_position_that_may_be() -> None:
    """Of several that reach one null, the first is reported."""
    failures = Failures()
    assert not failures
    assert failures.add(ValueError("late"), NAME, 1, []) is FAILED
    failures.add(ValueError("other"), SIZE, 0, [])
    failures.add(ValueError("in the null"), SIZE, 1, [])
    assert failures
    assert reported(failures) == [("other", ["items", 0, "size"]), ("late", ["items", 1, "name"])]
    assert failures.find_nulls() == {("items", 0, "size"), ("items", 1)}
    assert null_position(NAME, 1) == ("items", 1)


def test_the_whole_response_becomes_null_where_nothing_above_may_be() -> None:
    """Then nothing else is reported."""
    failures = Failures()
    failures.add(ValueError("root"), Column(Root(), field("must", order=1, is_nullable=False)), 0, [])
    failures.add(ValueError("other"), SIZE, 0, [])
    assert failures.find_nulls() >= {None}
    assert null_position(Column(Root(), field("must", is_nullable=False)), 0) is None


def test_without_propagation_every_position_may_be_null() -> None:
    """As with `onError: NULL`."""
    failures = Failures(propagates=False)
    failures.add(ValueError("here"), NAME, 1, [])
    assert failures.find_nulls() == {("items", 1, "name")}


def test_what_failed_before_a_wait_is_reported_before_what_failed_after() -> None:
    """Whatever the order of the document is."""
    failures = Failures()
    token = WAIT_COUNT.set(WAIT_COUNT.get() + 1)
    failures.add(ValueError("after"), SIZE, 0, [])
    WAIT_COUNT.reset(token)
    failures.add(ValueError("before"), SIZE, 2, [])
    assert [message for message, _ in reported(failures)] == ["before", "after"]


def test_failures_are_split_by_the_row_they_are_below() -> None:
    """For parts that are delivered row by row; the one that leaves nothing of the row is found by its depth."""
    failures = Failures()
    failures.add(ValueError("zero"), SIZE, 0, [])
    failures.add(ValueError("two"), NAME, 2, [])
    by_row = failures.split_by_row(ITEMS)
    assert {row: reported(each)[0][0] for row, each in by_row.items()} == {0: "zero", 2: "two"}
    assert by_row[2].find_escaping(2).message == "two"
