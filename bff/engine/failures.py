"""What went wrong in an operation: collected by row while it runs, put in order and thinned out at its end.

An error at a position that may not be null makes its parent null, and so on upwards (GraphQL specification, section
6.4.4); of several errors that reach the same position, the first in the document is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from graphql import FieldNode, GraphQLError
from graphql.error import located_error

from bff.engine.where import Where


class Failed:
    """Stands in a set for a value that could not be had; becomes null at the nearest position that may be null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = Failed()


class _Told(NamedTuple):
    order: tuple[int, ...]
    path: tuple[str | int, ...]
    reach: tuple[str | int, ...] | None
    """The position that becomes null; None when it is the whole response."""
    error: GraphQLError


@dataclass(slots=True)
class Failures:
    """Those of one operation."""

    _failed: list[tuple[Exception, Where, int, list[FieldNode]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._failed)

    def add(self, error: Exception, where: Where, row: int, nodes: list[FieldNode]) -> Failed:
        """Note an error of one row; what it returns belongs in its place."""
        self._failed.append((error, where, row, nodes))
        return FAILED

    def errors(self) -> list[GraphQLError]:
        """The errors to tell, in the order of the document, each with its path."""
        told: list[GraphQLError] = []
        nulled: set[tuple[str | int, ...] | None] = set()
        for each in sorted(map(_told, *zip(*self._failed, strict=True)) if self._failed else (), key=_order):
            reach = each.reach
            above = {reach[:length] for length in range(1, len(reach) + 1)} if reach is not None else set()
            if None in nulled or above & nulled:
                continue
            nulled.add(reach)
            told.append(each.error)
        return told


def _told(error: Exception, where: Where, row: int, nodes: list[FieldNode]) -> _Told:
    positions = list(where.up(row))
    depth = next((len(positions) - i for i, each in enumerate(positions) if each.is_nullable), None)
    positions.reverse()
    path = tuple(position.key for position in positions)
    order = tuple(position.order for position in positions)
    return _Told(order, path, None if depth is None else path[:depth], located_error(error, nodes, list(path)))


def _order(told: _Told) -> tuple[int, ...]:
    return told.order
