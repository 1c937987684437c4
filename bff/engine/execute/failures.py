"""What went wrong in an operation: collected by row while it runs, put in order and thinned out at its end.

An error at a position that may not be null makes its parent null, and so on upwards (GraphQL specification, section
6.4.4); of several errors that reach the same position, the first is told.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Final, NamedTuple

from graphql import FieldNode, GraphQLError
from graphql.error import located_error

from bff.engine.execute.paths import Where, row_in


class Failed:
    """Stands in a set for a value that could not be had; becomes null at the nearest position that may be null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = Failed()

TURN: ContextVar[int] = ContextVar("turn", default=0)
"""How often siblings have been waited for, above and before what runs now: of two errors, the earlier is told first."""


class _Told(NamedTuple):
    order: tuple[int, int, tuple[int, ...]]
    """When it reaches the position that becomes null; at the same time, the order of the document."""
    reach: tuple[str | int, ...] | None
    """The position that becomes null; None when it is the whole response."""
    error: GraphQLError


@dataclass(slots=True)
class Failures:
    """Those of one operation; where they do not propagate, every position may be null."""

    propagates: bool = True
    _failed: list[tuple[Exception, Where, int, list[FieldNode], int]] = field(default_factory=list)
    _begun: int = field(default_factory=TURN.get)

    def __bool__(self) -> bool:
        return bool(self._failed)

    def add(self, error: Exception, where: Where, row: int, nodes: list[FieldNode]) -> Failed:
        """Note an error of one row; what it returns belongs in its place."""
        self._failed.append((error, where, row, nodes, TURN.get() - self._begun))
        return FAILED

    def errors(self) -> list[GraphQLError]:
        """The errors to tell, each with its path: in the order they were waited for, then in that of the document."""
        return [each.error for each in self._thinned()]

    def nulled(self) -> set[tuple[str | int, ...] | None]:
        """The positions that have become null; None is the whole response."""
        return {each.reach for each in self._thinned()}

    def escaping(self, depth: int) -> GraphQLError:
        """The error that makes null what is `depth` steps below the root, or something above."""
        told = sorted((self._told(*each) for each in self._failed), key=_order)
        return next(each.error for each in told if len(each.reach or ()) <= depth)

    def of_rows(self, base: Where) -> dict[int, Failures]:
        """Those below each row of a set."""
        found: dict[int, list[tuple[Exception, Where, int, list[FieldNode], int]]] = {}
        for each in self._failed:
            found.setdefault(row_in(base, each[1], each[2]), []).append(each)
        return {row: Failures(self.propagates, failed) for row, failed in found.items()}

    def _thinned(self) -> list[_Told]:
        told: list[_Told] = []
        nulled: set[tuple[str | int, ...] | None] = set()
        for each in sorted((self._told(*each) for each in self._failed), key=_order):
            reach = each.reach
            above = {reach[:length] for length in range(1, len(reach) + 1)} if reach is not None else set()
            if None in nulled or above & nulled:
                continue
            nulled.add(reach)
            told.append(each)
        return told

    def _told(self, error: Exception, where: Where, row: int, nodes: list[FieldNode], turn: int) -> _Told:
        positions = list(where.up(row))
        above = (i for i, each in enumerate(positions) if each.is_nullable or not self.propagates)
        way = next(above, len(positions))
        positions.reverse()
        path = tuple(position.key for position in positions)
        order = tuple(position.order for position in positions)
        reach = path[: len(path) - way] or None
        # Whoever waits for siblings hears of it a turn later.
        return _Told((turn, way if turn else 0, order), reach, located_error(error, nodes, list(path)))


def reach_of(where: Where, row: int) -> tuple[str | int, ...] | None:
    """The position that becomes null when this row does; None when it is the whole response."""
    path = [position.key for position in dropwhile(lambda position: not position.is_nullable, where.up(row))]
    path.reverse()
    return tuple(path) or None


def _order(told: _Told) -> tuple[int, int, tuple[int, ...]]:
    return told.order
