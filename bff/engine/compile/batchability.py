"""Whether later parts of many objects are made in one run, or of each object by itself. Used for @defer and @stream.

One run is less work, and one call upstream. By itself an object waits for no other: so it is where each has something
of its own to wait for, and no call would be shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import iscoroutinefunction
from typing import NamedTuple

from graphql import GraphQLSchema
from strawberry.types.field import StrawberryField

from bff.engine.compile.resolvers import BACKREF, Called, Fetched, Function
from bff.engine.compile.shapes import Abstract, Leaf, Listing, Output, Shape, Step, Streamed

MOST_TYPES = 10
"""Of an interface or union with more types, what is selected of their objects is not looked at."""


class Manner(NamedTuple):
    """How the values below an object come."""

    is_batched: bool = False
    """One call may serve all objects."""
    waits: bool = False
    """Each object has calls or resolvers of its own to wait for."""
    is_unknown: bool = False
    """Resolvers may give awaitables."""

    @property
    def is_alone(self) -> bool:
        """Whether each object is made by itself."""
        return self.waits and not self.is_batched


def manner_of(later: Shape | Streamed) -> Manner:
    """How values come, from all that is selected of them."""
    if later.manner is None:
        later.manner = _found(later.items if isinstance(later, Streamed) else later)
    found: Manner = later.manner
    return found


def _found(output: Output | Shape) -> Manner:
    ways = [_manner(step) for step in _steps(output)]
    return Manner(*map(any, zip(*ways, strict=True))) if ways else Manner()


def _manner(step: Step) -> Manner:
    resolving = step.resolving
    if isinstance(resolving, Fetched):
        is_batched = resolving.endpoint.batch is not None
        return Manner(is_batched, waits=not is_batched)
    if isinstance(resolving, Called | Function) and not step.is_introspective:
        own: StrawberryField | None = step.field.extensions.get(BACKREF)
        waits = iscoroutinefunction(step.field.resolve) if own is None else own.is_async
        return Manner(waits=waits, is_unknown=isinstance(resolving, Called))
    return Manner()


def _steps(output: Output | Shape) -> Iterator[Step]:
    while isinstance(output, Listing):
        output = output.items
    if isinstance(output, Leaf):
        return
    for shape in [output] if isinstance(output, Shape) else _shapes(output):
        for each in (shape, *(group for _, group in shape.deferral.groups)) if shape.deferral else (shape,):
            for step in each.steps:
                yield step
                yield from _steps(step.output)


def _shapes(output: Output) -> list[Shape]:
    if isinstance(output, Abstract):
        schema: GraphQLSchema = output.source.schema
        types = schema.get_possible_types(output.type)
        return [output.shape(each) for each in types] if len(types) <= MOST_TYPES else []
    assert not isinstance(output, Leaf | Listing)
    return [output.shape]
