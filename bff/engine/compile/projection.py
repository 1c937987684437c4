"""Projection: the form that a selection wants of an upstream's records, and how its objects become the response.

Where all of a selection comes with the record, one generated expression writes the response maps of a whole set. What
does not (fetched fields, custom scalars, abstract types) is a column that the engine completes as always.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)

from bff.authoring.records import Records, Slot
from bff.engine.compile.resolvers import Attribute, Fetched, Given, Typename
from bff.engine.compile.shapes import Fitted, Leaf, Listing, Output, RowsOf, Selected, Shape, Step
from connectors.forms import Form, Part, Record, is_rival, record_class

_INT = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_FLOAT = Annotated[float, msgspec.Meta(gt=-(2**53), lt=2**53)]
"""Beyond these, an integer may be another one as a float, which graphql-core refuses."""
_LEAVES: dict[GraphQLLeafType, tuple[Any, tuple[type, ...]]] = {
    GraphQLString: (str, (str,)),
    GraphQLID: (str | int, (str, int)),
    GraphQLBoolean: (bool, (bool,)),
    GraphQLInt: (_INT, (int,)),
    GraphQLFloat: (_FLOAT, (float,)),
}
"""For each type of the specification: what needs no coercion, as msgspec knows it and as Python types."""
_KEYS = (GraphQLString, GraphQLID, GraphQLInt)
"""Leaves that a form leaves as they came, so that calls can be made with them."""
_KEY = str | int | float | bool | None
"""What calls can be made with, as it comes."""
_DEEPEST = 12
"""Levels of one expression; what is nested deeper is completed level by level."""

Names = dict[tuple[str, str], str]
"""The name by which an upstream calls an attribute of a type, where it could have two."""


class Unprojected(Exception):
    """A selection that needs objects of the author's own class, because methods of theirs run."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Of one output."""

    form: Form
    batch: Form
    """The form of a batch's reply: a list of the records, whatever list or null each key is answered with.

    Where answers come in the order of the keys, a list of these: of what each key is answered with.
    """
    key: str
    """The attribute of a batch's records that tells whose they are."""
    finish: Callable[[Sequence[Any]], list[Any]] | None
    """From values of the form to those of the response; None where more than the record is needed."""


def project(
    records: Records, output: Output, names: Names, *, key: str | None = None, in_order: bool = False
) -> Projection:
    """`key` is the name of what tells the records of a batch apart, unless they are in the order of the keys.

    Raises Unprojected.
    """
    innermost = _innermost(output)
    if not isinstance(innermost, Selected):
        raise Unprojected
    classes = _Classes(records, names)
    record, attribute = classes.make(innermost, key)
    expression = classes.expression(output, "x")
    finish = None if expression is None else eval(f"lambda values: [{expression} for x in values]")  # noqa: S307 - names of GraphQL and Python
    whole = classes.type_of(output)
    batch = Form(list[whole | None] if in_order else list[record])  # type: ignore[valid-type]  # made at run time
    return Projection(Form(whole), batch, attribute, finish)


def learn(records: Records, output: Output, data: Any, names: Names) -> None:
    """Note what an upstream calls those attributes that could have two names, as far as its first records show."""
    if isinstance(data, list):
        if data:
            learn(records, output.items if isinstance(output, Listing) else output, data[0], names)
        return
    innermost = _innermost(output)
    if not isinstance(innermost, Selected) or not isinstance(data, Mapping):
        return
    slots = {slot.attribute: slot for slot in records.slots(innermost.type)}
    for slot in slots.values():
        if slot.path[0] in data:
            names.pop((innermost.type.name, slot.attribute), None)  # it may have been called otherwise before
        elif slot.other in data:
            names[innermost.type.name, slot.attribute] = slot.other
    for step in innermost.shape.steps:
        slot_of = slots.get(step.resolving.name) if isinstance(step.resolving, Attribute) else None
        if slot_of is not None and isinstance(step.output, Selected | Listing):
            name = names.get((innermost.type.name, slot_of.attribute), slot_of.path[0])
            learn(records, step.output, data.get(name), names)


class _Classes:
    """The classes of one projection."""

    def __init__(self, records: Records, names: Names) -> None:
        self._records = records
        self._names = names
        self._made: dict[Shape, tuple[type[Record], str]] = {}
        self._inline: dict[Step, str] = {}
        """The attribute of each step that needs nothing but the record."""

    def type_of(self, output: Output) -> Any:
        """What msgspec is to make of the values of an output. Raises Unprojected."""
        if isinstance(output, Listing):
            type_: Any = list[self.type_of(output.items)]  # type: ignore[misc]  # made at run time
        elif isinstance(output, Leaf) and output.type in _LEAVES:
            type_ = _LEAVES[output.type][0]
        elif isinstance(output, Selected):
            type_, _ = self.make(output, None)
        else:
            raise Unprojected
        return type_ | None if output.is_nullable else type_

    def make(self, selected: Selected, key: str | None) -> tuple[type[Record], str]:
        """The class for the objects of a selection, and its attribute for `key`. Raises Unprojected."""
        shape = selected.shape
        if shape in self._made:
            return self._made[shape]
        if selected.type.is_type_of is not None or shape.deferral is not None:  # later parts need more of the objects
            raise Unprojected
        parts = _Parts(self._records.slots(shape.type), self._names, shape.type.name)
        columns = [column for step in shape.steps if (column := self._step(step, shape, parts)) is not None]
        attribute = parts.holder(key) if key is not None else ""
        try:
            record = record_class(shape.type.name, list(parts.made.values()))
        except (ValueError, TypeError) as error:  # such as two attributes that come from one place
            raise Unprojected from error
        fitted = Fitted(columns, self._rows(shape, columns), is_response=self._is_response(shape, record))
        shape.fits[record] = fitted
        self._made[shape] = record, attribute
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
        innermost = _innermost(output)
        if isinstance(innermost, Leaf):
            return innermost.type is not GraphQLID  # whose numbers become text
        if not isinstance(innermost, Selected) or innermost.shape not in self._made:
            return False
        return innermost.shape.fits[self._made[innermost.shape][0]].is_response

    def expression(self, output: Output, value: str, depth: int = 0) -> str | None:
        """Python that makes the response of the `value` of an output; None where that takes more than the record."""
        if isinstance(output, Leaf):
            text = f"({value} if {value}.__class__ is str else str({value}))"
            made: str | None = text if output.type is GraphQLID else value
        elif isinstance(output, Listing):
            inner = self.expression(output.items, f"x{depth}", depth + 1)
            made = value if inner == f"x{depth}" else inner and f"[{inner} for x{depth} in {value}]"
        elif isinstance(output, Selected) and output.shape in self._made and depth < _DEEPEST:
            made = self._map(output.shape, value, depth)
        else:
            return None
        return f"(None if {value} is None else {made})" if made and made != value and output.is_nullable else made

    def _map(self, shape: Shape, value: str, depth: int) -> str | None:
        entries = []
        for step in shape.steps:
            written = self._entry(step, value, depth)
            if written is None:
                return None
            entries.append(f"{step.key!r}: {written}")
        return f"{{{', '.join(entries)}}}"

    def _entry(self, step: Step, value: str, depth: int = 0) -> str | None:
        if isinstance(step.resolving, Typename):
            return repr(step.parent_type.name)
        name = self._inline.get(step)
        return None if name is None else self.expression(step.output, f"{value}.{name}", depth + 1)

    def _step(self, step: Step, shape: Shape, parts: _Parts) -> Step | None:
        """Add what a step needs of the record; it comes back when it is a column. Raises Unprojected."""
        resolving = step.resolving
        if isinstance(resolving, Typename):
            return None
        if isinstance(resolving, Fetched):
            for name in resolving.via.from_fields.values():
                parts.add_key(name, shape)
            return step
        if not isinstance(resolving, Attribute):
            raise Unprojected
        slot = parts.slot(resolving.name)
        type_ = None if len(slot.path) > 1 or _is_shared(step, shape) else self._type_or_none(step.output)
        if type_ is None:
            return replace(step, resolving=Given(_whole(slot, parts.add_whole(slot))))
        parts.add(slot, type_, step.output)
        if self.expression(step.output, "x") is None:
            return replace(step, resolving=Given(attrgetter(slot.attribute)))
        self._inline[step] = slot.attribute
        return None

    def _type_or_none(self, output: Output) -> Any:
        try:
            return self.type_of(output)
        except Unprojected:
            return None

    def _rows(self, shape: Shape, columns: Sequence[Step]) -> RowsOf:
        """Response maps from objects and the columns beside them."""
        names = {column.key: f"c{number}" for number, column in enumerate(columns)}
        shown = ", ".join(f"{step.key!r}: {names.get(step.key) or self._entry(step, 'x')}" for step in shape.steps)
        if not columns:
            return eval(f"lambda xs, columns: [{{{shown}}} for x in xs]")  # type: ignore[no-any-return]  # noqa: S307 - as above
        source = f"lambda xs, columns: [{{{shown}}} for x, {', '.join(names.values())} in zip(xs, *columns)]"
        return eval(source)  # type: ignore[no-any-return]  # noqa: S307 - as above


class _Parts:
    """The parts of one class."""

    def __init__(self, slots: Sequence[Slot], names: Names, type_name: str) -> None:
        self._slots = {slot.attribute: slot for slot in slots}
        self._names = names
        self._type_name = type_name
        self.made: dict[str, Part] = {}

    def slot(self, attribute: str) -> Slot:
        """Where an attribute stands. Raises Unprojected for one that no record fills."""
        if attribute not in self._slots:
            raise Unprojected
        return self._slots[attribute]

    def add(self, slot: Slot, type_: Any, output: Output) -> None:
        """An attribute of a known type."""
        default = slot.default()
        if default is not None:
            kinds = _LEAVES[output.type][1] if isinstance(output, Leaf) and output.type in _LEAVES else ()
            if type(default) not in kinds or (type(default) is int and abs(default) >= 2**31):
                raise Unprojected
        must_be_there = default is None and not output.is_nullable
        self._put(slot, type_, msgspec.NODEFAULT if must_be_there else default)

    def add_whole(self, slot: Slot) -> str:
        """An attribute as it comes; the name that holds it, or what it is in."""
        if slot.default() is not None:
            raise Unprojected  # which would then be converted like what upstreams send
        if len(slot.path) == 1:
            self._put(slot, Any, None)
            return slot.attribute
        return self._outer(slot.path[0])

    def add_key(self, attribute: str, shape: Shape) -> None:
        """An attribute that calls are made with, just as it comes."""
        slot = self.slot(attribute)
        if len(slot.path) > 1:
            raise Unprojected
        leaves = [
            step.output
            for step in shape.steps
            if isinstance(step.resolving, Attribute) and step.resolving.name == attribute
        ]
        if not leaves:
            self._put(slot, _KEY, None)
        elif not all(isinstance(leaf, Leaf) and leaf.type in _KEYS for leaf in leaves):
            raise Unprojected

    def holder(self, name: str) -> str:
        """The attribute with what stands under a name in the record."""
        for part in self.made.values():
            if part.name == name:
                if part.type in (_FLOAT, _FLOAT | None):
                    raise Unprojected  # 7 would have become 7.0
                return part.attribute
        return self._outer(name)

    def _outer(self, name: str) -> str:
        attribute = f"in_{len(self.made)}_"
        for part in self.made.values():
            if part.name == name and part.type is Any:
                return part.attribute
        self.made[attribute] = Part(attribute, name, Any, None)
        return attribute

    def _put(self, slot: Slot, type_: Any, default: Any) -> None:
        first, other = slot.path[0], slot.other
        name = self._names.get((self._type_name, slot.attribute), first)
        rival = None if first == other else other if name == first else first
        part = Part(slot.attribute, name, type_, default, rival)
        if self.made.setdefault(slot.attribute, part) != part:
            raise Unprojected


def _whole(slot: Slot, attribute: str) -> Callable[[Any], Any]:
    """What the author's class would hold of what came."""
    if len(slot.path) == 1:
        return lambda record: slot.convert(getattr(record, attribute))
    return lambda record: slot.read({slot.path[0]: getattr(record, attribute)})


def _is_shared(step: Step, shape: Shape) -> bool:
    """Whether two fields select different things of one attribute."""
    assert isinstance(step.resolving, Attribute)
    name = step.resolving.name
    same = [each for each in shape.steps if isinstance(each.resolving, Attribute) and each.resolving.name == name]
    return len(same) > 1 and not isinstance(_innermost(step.output), Leaf)


def _innermost(output: Output) -> Output:
    while isinstance(output, Listing):
        output = output.items
    return output


__all__ = ["Names", "Projection", "Unprojected", "learn", "project"]
