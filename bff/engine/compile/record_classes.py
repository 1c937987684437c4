"""Record classes: a msgspec class for the objects of a selection, and what writes response maps of its records.

Where all of a selection comes with the record, one generated expression writes the response maps of a whole set. What
does not (fetched fields, custom scalars, abstract types) is a column that the engine completes as always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

import msgspec
from graphql import GraphQLID

from bff.authoring.records import Records, Slot
from bff.engine.compile.record_parts import LEAF_TYPES, Names, NoProjection, RecordParts
from bff.engine.compile.resolvers import Attribute, EndpointFetch, RecordPart, Typename
from bff.engine.compile.shapes import (
    LeafOutput,
    ListOutput,
    MakeRows,
    ObjectOutput,
    Output,
    RecordShape,
    Shape,
    Step,
    innermost,
)
from connectors.forms import Record, is_rival, record_class

_MAX_DEPTH = 12
"""Levels of one expression; what is nested deeper is completed level by level."""


class RecordClasses:
    """The classes of one projection."""

    def __init__(self, records: Records, names: Names) -> None:
        self._records = records
        self._names = names
        self._classes: dict[Shape, tuple[type[Record], str]] = {}
        self._inline: dict[Step, str] = {}
        """The attribute of each step that needs nothing but the record."""

    def choose_type(self, output: Output) -> Any:
        """What msgspec is to make of the values of an output. Raises Unprojected."""
        if isinstance(output, ListOutput):
            type_: Any = list[self.choose_type(output.items)]  # type: ignore[misc]  # made at run time
        elif isinstance(output, LeafOutput) and output.type in LEAF_TYPES:
            type_ = LEAF_TYPES[output.type][0]
        elif isinstance(output, ObjectOutput):
            type_, _ = self.get_or_make(output, None)
        else:
            raise NoProjection
        return type_ | None if output.is_nullable else type_

    def get_or_make(self, selected: ObjectOutput, key: str | None) -> tuple[type[Record], str]:
        """The class for the objects of a selection, and its attribute for `key`. Raises Unprojected."""
        shape = selected.shape
        if shape in self._classes:
            return self._classes[shape]
        if selected.type.is_type_of is not None or shape.deferral is not None:  # later parts need more of the objects
            raise NoProjection
        parts = RecordParts(self._records.list_slots(shape.type), self._names, shape.type.name)
        columns = [column for step in shape.steps if (column := self._add_step(step, shape, parts)) is not None]
        attribute = parts.find_attribute(key) if key is not None else ""
        try:
            record = record_class(shape.type.name, list(parts.parts.values()))
        except (ValueError, TypeError) as error:  # such as two attributes that come from one place
            raise NoProjection from error
        record_shape = RecordShape(
            columns, self._compile_rows(shape, columns), is_response=self._is_response(shape, record)
        )
        shape.record_shapes[record] = record_shape
        self._classes[shape] = record, attribute
        return record, attribute

    def _is_response(self, shape: Shape, record: type[Record]) -> bool:
        """Whether a record written as JSON is the response map: the same names with the same values, in one order."""
        parts = [part for part in msgspec.inspect.type_info(record).fields if not is_rival(part)]  # type: ignore[attr-defined]  # of a struct
        if len(parts) != len(shape.steps):
            return False
        return all(
            part.encode_name == step.key and part.name == self._inline.get(step) and self._is_written(step.output)
            for part, step in zip(parts, shape.steps, strict=True)
        )

    def _is_written(self, output: Output) -> bool:
        """Whether values of an output, written as JSON, are those of the response."""
        inner = innermost(output)
        if isinstance(inner, LeafOutput):
            return inner.type is not GraphQLID  # whose numbers become text
        if not isinstance(inner, ObjectOutput) or inner.shape not in self._classes:
            return False
        return inner.shape.record_shapes[self._classes[inner.shape][0]].is_response

    def write_value(self, output: Output, value: str, depth: int = 0) -> str | None:
        """Python that makes the response of the `value` of an output; None where that takes more than the record."""
        if isinstance(output, LeafOutput):
            text = f"({value} if {value}.__class__ is str else str({value}))"
            written: str | None = text if output.type is GraphQLID else value
        elif isinstance(output, ListOutput):
            inner = self.write_value(output.items, f"x{depth}", depth + 1)
            written = value if inner == f"x{depth}" else inner and f"[{inner} for x{depth} in {value}]"
        elif isinstance(output, ObjectOutput) and output.shape in self._classes and depth < _MAX_DEPTH:
            written = self._write_map(output.shape, value, depth)
        else:
            return None
        return (
            f"(None if {value} is None else {written})"
            if written and written != value and output.is_nullable
            else written
        )

    def _write_map(self, shape: Shape, value: str, depth: int) -> str | None:
        entries = []
        for step in shape.steps:
            written = self._write_entry(step, value, depth)
            if written is None:
                return None
            entries.append(f"{step.key!r}: {written}")
        return f"{{{', '.join(entries)}}}"

    def _write_entry(self, step: Step, value: str, depth: int = 0) -> str | None:
        if isinstance(step.resolution, Typename):
            return repr(step.parent_type.name)
        name = self._inline.get(step)
        return None if name is None else self.write_value(step.output, f"{value}.{name}", depth + 1)

    def _add_step(self, step: Step, shape: Shape, parts: RecordParts) -> Step | None:
        """Add what a step needs of the record; it comes back when it is a column. Raises Unprojected."""
        resolution = step.resolution
        if isinstance(resolution, Typename):
            return None
        if isinstance(resolution, EndpointFetch):
            batch = resolution.endpoint.batch
            for made in resolution.via.from_made.values():
                if not made.is_text:
                    raise NoProjection  # an author's function may call methods of the object
                for name in made.needs:
                    parts.add_key(name, shape)
            for parameter, name in resolution.via.from_fields.items():
                if resolution.has_key_list and batch is not None and parameter == batch.parameter:
                    parts.add_key_list(name, shape)
                else:
                    parts.add_key(name, shape)
            return step
        if not isinstance(resolution, Attribute):
            raise NoProjection
        slot = parts.find_slot(resolution.name)
        type_ = None if len(slot.path) > 1 or _is_selected_twice(step, shape) else self._type_or_none(step.output, slot)
        if type_ is None:
            return replace(step, resolution=RecordPart(_read_whole(slot, parts.add_whole(slot))))
        parts.add_typed(slot, type_, step.output)
        if self.write_value(step.output, "x") is None:
            return replace(step, resolution=RecordPart(attrgetter(slot.attribute)))
        self._inline[step] = slot.attribute
        return None

    def _type_or_none(self, output: Output, slot: Slot) -> Any:
        if slot.default is not None and isinstance(output, LeafOutput | ListOutput):
            output = replace(output, is_nullable=False)  # null is the default, which only the exact way puts in place
        try:
            return self.choose_type(output)
        except NoProjection:
            return None

    def _compile_rows(self, shape: Shape, columns: Sequence[Step]) -> MakeRows:
        """Response maps from objects and the columns beside them."""
        names = {column.key: f"c{number}" for number, column in enumerate(columns)}
        entries = ", ".join(
            f"{step.key!r}: {names.get(step.key) or self._write_entry(step, 'x')}" for step in shape.steps
        )
        if not columns:
            return eval(f"lambda xs, columns: [{{{entries}}} for x in xs]")  # type: ignore[no-any-return]  # noqa: S307 - as above
        source = f"lambda xs, columns: [{{{entries}}} for x, {', '.join(names.values())} in zip(xs, *columns)]"
        return eval(source)  # type: ignore[no-any-return]  # noqa: S307 - as above


def _read_whole(slot: Slot, attribute: str) -> Callable[[Any], Any]:
    """What the author's class would hold of what came."""
    if len(slot.path) == 1:
        return lambda record: slot.convert_or_default(getattr(record, attribute))
    return lambda record: slot.read_from({slot.path[0]: getattr(record, attribute)})


def _is_selected_twice(step: Step, shape: Shape) -> bool:
    """Whether two fields select different things of one attribute."""
    assert isinstance(step.resolution, Attribute)
    name = step.resolution.name
    same = [each for each in shape.steps if isinstance(each.resolution, Attribute) and each.resolution.name == name]
    return len(same) > 1 and not isinstance(innermost(step.output), LeafOutput)
