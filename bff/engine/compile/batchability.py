"""Whether later parts of many objects are computed in one run, or of each alone. Used for @defer and @stream.

One run is less work, and one call upstream. By itself an object waits for no other: so it is where each has something
of its own to wait for, and no call would be shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import iscoroutinefunction

from bff.authoring.strawberry_insides import own_field_of
from bff.engine.compile.resolvers import ComputedSet, EndpointFetch, Method, ResolverCall
from bff.engine.compile.shapes import (
    AbstractOutput,
    Batchability,
    LeafOutput,
    ListOutput,
    Output,
    Shape,
    Step,
    StreamedList,
)

MAX_TYPES = 10
"""Of an interface or union with more types, what is selected of their objects is not looked at."""


def find_batchability(deferred: Shape | StreamedList) -> Batchability:
    """How values come, from all that is selected of them."""
    if deferred.batchability is None:
        deferred.batchability = _combine_steps(deferred.items if isinstance(deferred, StreamedList) else deferred)
    return deferred.batchability


def _combine_steps(output: Output | Shape) -> Batchability:
    ways = [_batchability_of_step(step) for step in _iterate_steps(output)]
    return Batchability(*map(any, zip(*ways, strict=True))) if ways else Batchability()


def _batchability_of_step(step: Step) -> Batchability:
    resolution = step.resolution
    if isinstance(resolution, EndpointFetch):
        is_batched = resolution.endpoint.batch is not None
        return Batchability(is_batched, waits=not is_batched)
    if isinstance(resolution, ComputedSet):
        return Batchability(True)
    if isinstance(resolution, ResolverCall | Method) and not step.is_introspective:
        own = own_field_of(step.field)
        waits = iscoroutinefunction(step.field.resolve) if own is None else own.is_async
        return Batchability(waits=waits, is_unknown=isinstance(resolution, ResolverCall))
    return Batchability()


def _iterate_steps(output: Output | Shape) -> Iterator[Step]:
    while isinstance(output, ListOutput):
        output = output.items
    if isinstance(output, LeafOutput):
        return
    for shape in [output] if isinstance(output, Shape) else _shapes_of(output):
        for each in (shape, *(group for _, group in shape.deferral.groups)) if shape.deferral else (shape,):
            for step in each.steps:
                yield step
                yield from _iterate_steps(step.output)


def _shapes_of(output: Output) -> list[Shape]:
    if isinstance(output, AbstractOutput):
        types = output.schema.get_possible_types(output.type)
        return [output.shape_of(each) for each in types] if len(types) <= MAX_TYPES else []
    assert not isinstance(output, LeafOutput | ListOutput)
    return [output.shape]
