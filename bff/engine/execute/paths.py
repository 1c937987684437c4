"""Where the values of a set stand in the response. Paths are only worked out for values that fail. Used by the engine.

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
from graphql.pyutils import Path


class Position(NamedTuple):
    """One step of a response path."""

    key: str | int
    order: int
    """Place among its siblings, in the order of the document or of the list."""
    is_nullable: bool
    typename: str | None


class Named(Protocol):
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
        """Where the document asks for it."""

    @property
    def parent_type(self) -> GraphQLNamedType:
        """The type it is a field of."""


class Where(Protocol):
    """Finds the rows of one set."""

    def up(self, row: int) -> Iterator[Position]:
        """The positions from this row up to the root."""

    def outer(self, row: int) -> tuple[Where, int]:
        """The set this one came from, and the row there."""


@dataclass(frozen=True, slots=True)
class Root:
    """The root object."""

    def up(self, row: int) -> Iterator[Position]:
        """Nothing is above it."""
        return iter(())

    def outer(self, row: int) -> tuple[Where, int]:
        """Itself."""
        return self, row


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one field, a row for each object."""

    objects: Where
    field: Named

    def up(self, row: int) -> Iterator[Position]:
        """The field, then where its object is."""
        field = self.field
        yield Position(field.key, field.order, field.is_nullable, field.parent_type.name)
        yield from self.objects.up(row)

    def outer(self, row: int) -> tuple[Where, int]:
        """The object."""
        return self.objects, row


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a set."""

    of: Where
    rows: Sequence[int]

    def up(self, row: int) -> Iterator[Position]:
        """Where the row is in the whole set."""
        return self.of.up(self.rows[row])

    def outer(self, row: int) -> tuple[Where, int]:
        """The row in the whole set."""
        return self.of, self.rows[row]


class Items:
    """The items of all lists of a set, one after the other."""

    __slots__ = ("_ends", "_lengths", "is_nullable", "lists")

    def __init__(self, lists: Where, lengths: Sequence[int], is_nullable: bool) -> None:
        self.lists = lists
        self.is_nullable = is_nullable
        self._lengths = lengths
        self._ends: list[int] | None = None

    def up(self, row: int) -> Iterator[Position]:
        """The item's index, then where its list is."""
        which, index = self._find(row)
        yield Position(index, index, self.is_nullable, None)
        yield from self.lists.up(which)

    def outer(self, row: int) -> tuple[Where, int]:
        """The list."""
        return self.lists, self._find(row)[0]

    def _find(self, row: int) -> tuple[int, int]:
        if self._ends is None:  # once for all rows, and only where somebody asks
            self._ends = list(accumulate(self._lengths))
        which = bisect_right(self._ends, row)
        return which, row - (self._ends[which] - self._lengths[which])


def row_in(base: Where, where: Where, row: int) -> int:
    """The row of a set that a row of another set below it came from."""
    while where is not base:
        where, row = where.outer(row)
    return row


def path_to(where: Where, row: int) -> list[str | int]:
    """The response path of a row."""
    path = [position.key for position in where.up(row)]
    path.reverse()
    return path


def linked_path(where: Where, row: int) -> Path:
    """The same, as graphql-core hands it to resolvers."""
    path: Path | None = None
    for position in reversed(list(where.up(row))):
        path = Path(path, position.key, position.typename)
    assert path is not None
    return path
