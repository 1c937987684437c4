"""What went wrong in an operation: collected by row while it runs, put in order and thinned out at its end.

An error at a position that may not be null makes its parent null, and so on upwards (GraphQL specification, section
6.4.4); of several errors that reach the same position, the first is reported.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Final, NamedTuple

from graphql import FieldNode, GraphQLError
from graphql.error import located_error

from bff.engine.execute.paths import Paths, row_at
from bff.engine.tracebacks import drop_tracebacks


class Failed:
    """Stands in a set for a value that failed; becomes null at the nearest position that may be null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = Failed()

WAIT_COUNT: ContextVar[int] = ContextVar("wait_count", default=0)
"""How often siblings have been waited for, above and before what runs now: the earlier of two errors is reported."""


class _Located(NamedTuple):
    order: tuple[int, int, tuple[int, ...]]
    """When it reaches the position that becomes null; at the same time, the order of the document."""
    reach: tuple[str | int, ...] | None
    """The position that becomes null; None when it is the whole response."""
    error: GraphQLError


@dataclass(slots=True)
class Failures:
    """Those of one operation; where they do not propagate, every position may be null."""

    propagates: bool = True
    _failed: list[tuple[Exception, Paths, int, list[FieldNode], int]] = field(default_factory=list)
    _initial_waits: int = field(default_factory=WAIT_COUNT.get)

    def __bool__(self) -> bool:
        return bool(self._failed)

    def add(self, error: Exception, paths: Paths, row: int, nodes: list[FieldNode]) -> Failed:
        """Note an error of one row; what it returns belongs in its place."""
        self._failed.append((error, paths, row, nodes, WAIT_COUNT.get() - self._initial_waits))
        return FAILED

    def list_errors(self) -> list[GraphQLError]:
        """The errors to report, each with its path: in the order they were waited for, then in that of the document."""
        return [each.error for each in self._list_located()]

    def release(self, reported: list[GraphQLError]) -> None:
        """Forget all, and the tracebacks of those that are not reported, when the values are complete."""
        failed, self._failed = self._failed, []
        kept = {id(error) for each in reported for error in (each, each.original_error)}
        drop_tracebacks((each[0] for each in failed), kept=kept)

    def forget(self) -> None:
        """Forget all, where others have them."""
        self._failed = []

    def find_nulls(self) -> set[tuple[str | int, ...] | None]:
        """The positions that have become null; None is the whole response."""
        return {each.reach for each in self._list_located()}

    def find_escaping(self, depth: int) -> GraphQLError:
        """The error that makes null what is `depth` steps below the root, or something above."""
        located = sorted((self._locate(*each) for each in self._failed), key=_order_of)
        return next(each.error for each in located if len(each.reach or ()) <= depth)

    def split_by_row(self, base: Paths) -> dict[int, Failures]:
        """Those below each row of a set."""
        found: dict[int, list[tuple[Exception, Paths, int, list[FieldNode], int]]] = {}
        for each in self._failed:
            found.setdefault(row_at(base, each[1], each[2]), []).append(each)
        return {row: Failures(self.propagates, failed) for row, failed in found.items()}

    def _list_located(self) -> list[_Located]:
        located: list[_Located] = []
        nulls: set[tuple[str | int, ...] | None] = set()
        for each in sorted((self._locate(*each) for each in self._failed), key=_order_of):
            reach = each.reach
            above = {reach[:length] for length in range(1, len(reach) + 1)} if reach is not None else set()
            if None in nulls or above & nulls:
                continue
            nulls.add(reach)
            located.append(each)
        return located

    def _locate(self, error: Exception, paths: Paths, row: int, nodes: list[FieldNode], waits: int) -> _Located:
        positions = list(paths.positions(row))
        above = (i for i, each in enumerate(positions) if each.is_nullable or not self.propagates)
        steps_up = next(above, len(positions))
        positions.reverse()
        path = tuple(position.key for position in positions)
        order = tuple(position.order for position in positions)
        reach = path[: len(path) - steps_up] or None
        # A parent that waits for siblings learns of it one pass of the event loop later.
        return _Located((waits, steps_up if waits else 0, order), reach, located_error(error, nodes, list(path)))


def null_position(paths: Paths, row: int) -> tuple[str | int, ...] | None:
    """The position that becomes null when this row does; None when it is the whole response."""
    path = [position.key for position in dropwhile(lambda position: not position.is_nullable, paths.positions(row))]
    path.reverse()
    return tuple(path) or None


def _order_of(located: _Located) -> tuple[int, int, tuple[int, ...]]:
    return located.order
