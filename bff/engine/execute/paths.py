"""Where the values of a set are in the response. Paths are only worked out for values that fail. Used by the engine.

A set is a list of values of one field, or of the items of its lists, over all objects at once. Each kind of set knows
the set it came from and which of its rows each of its own rows belongs to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, Protocol

from graphql import FieldNode, GraphQLNamedType

from bff.engine.graphql_core import Path


class Position(NamedTuple):
    """One step of a response path."""

    key: str | int
    order: int
    """Place among its siblings, in the order of the document or of the list."""
    is_nullable: bool
    typename: str | None


class ResponseField(Protocol):
    """The field that a set belongs to."""

    @property
    def key(self) -> str:
        """Its name in the response."""

    @property
    def order(self) -> int:
        """Its place among its siblings."""

    @property
    def is_nullable(self) -> bool:
        """Whether it may be null."""

    @property
    def nodes(self) -> list[FieldNode]:
        """Its nodes in the document."""

    @property
    def parent_type(self) -> GraphQLNamedType:
        """The type it is a field of."""


class Paths(Protocol):
    """Finds the rows of one set."""

    def positions(self, row: int) -> Iterator[Position]:
        """The positions from this row up to the root."""

    def parent(self, row: int) -> tuple[Paths, int]:
        """The set this one came from, and the row there."""


@dataclass(frozen=True, slots=True)
class Root:
    """The root object."""

    def positions(self, row: int) -> Iterator[Position]:
        """Nothing is above it."""
        return iter(())

    def parent(self, row: int) -> tuple[Paths, int]:
        """Itself."""
        return self, row


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one field, a row for each object."""

    objects: Paths
    field: ResponseField

    def positions(self, row: int) -> Iterator[Position]:
        """The field, then where its object is."""
        field = self.field
        yield Position(field.key, field.order, field.is_nullable, field.parent_type.name)
        yield from self.objects.positions(row)

    def parent(self, row: int) -> tuple[Paths, int]:
        """The object."""
        return self.objects, row


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a set."""

    base: Paths
    rows: Sequence[int]

    def positions(self, row: int) -> Iterator[Position]:
        """Where the row is in the whole set."""
        return self.base.positions(self.rows[row])

    def parent(self, row: int) -> tuple[Paths, int]:
        """The row in the whole set."""
        return self.base, self.rows[row]


class Items:
    """The items of all lists of a set, one after the other."""

    __slots__ = ("_ends", "_lengths", "is_nullable", "lists")

    def __init__(self, lists: Paths, lengths: Sequence[int], is_nullable: bool) -> None:
        self.lists = lists
        self.is_nullable = is_nullable
        self._lengths = lengths
        self._ends: list[int] | None = None

    def positions(self, row: int) -> Iterator[Position]:
        """The item's index, then where its list is."""
        which, index = self._find_list(row)
        yield Position(index, index, self.is_nullable, None)
        yield from self.lists.positions(which)

    def parent(self, row: int) -> tuple[Paths, int]:
        """The list."""
        return self.lists, self._find_list(row)[0]

    def _find_list(self, row: int) -> tuple[int, int]:
        if self._ends is None:  # once for all rows, and only when a path is needed
            self._ends = list(accumulate(self._lengths))
        which = bisect_right(self._ends, row)
        return which, row - (self._ends[which] - self._lengths[which])


def row_at(base: Paths, paths: Paths, row: int) -> int:
    """The row of a set that a row of another set below it came from."""
    while paths is not base:
        paths, row = paths.parent(row)
    return row


def path_to(paths: Paths, row: int) -> list[str | int]:
    """The response path of a row."""
    path = [position.key for position in paths.positions(row)]
    path.reverse()
    return path


def core_path_to(paths: Paths, row: int) -> Path:
    """The same, as graphql-core hands it to resolvers."""
    path: Path | None = None
    for position in reversed(list(paths.positions(row))):
        path = Path(path, position.key, position.typename)
    assert path is not None
    return path


def core_path_or_none(paths: Paths, row: int) -> Path | None:
    """The same; None for the root."""
    return core_path_to(paths, row) if next(paths.positions(row), None) is not None else None


def find_column(paths: Paths, row: int) -> tuple[Column, int]:
    """The field that a value is in, whatever list it is in, and the row of its object."""
    while not isinstance(paths, Column):
        paths, row = paths.parent(row)
    return paths, row
