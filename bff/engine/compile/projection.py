"""Projection: the form in which a selection takes an upstream's records, and how they become the response.

Used by bff.engine.execute.replies, once per step and again after a reply that does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bff.authoring.records import Records
from bff.engine.compile.record_classes import RecordClasses
from bff.engine.compile.record_parts import Names, NoProjection
from bff.engine.compile.resolvers import Attribute
from bff.engine.compile.shapes import ListOutput, ObjectOutput, Output, innermost
from connectors.forms import Form


@dataclass(frozen=True, slots=True)
class Projection:
    """Of one output."""

    form: Form
    batch: Form
    """The form of a batch's reply: a list of the records, whatever list or null each key is answered with.

    Where answers come in the order of the keys, a list of these: of what each key is answered with.
    """
    key: str
    """The attribute of a batch's records that holds their key."""
    finish: Callable[[Sequence[Any]], list[Any]] | None
    """From values of the form to those of the response; None where more than the record is needed."""


def project(
    records: Records, output: Output, names: Names, *, key: str | None = None, in_order: bool = False
) -> Projection:
    """`key` names the field that identifies the records of a batch, unless they are in the order of the keys.

    Raises Unprojected.
    """
    inner = innermost(output)
    if not isinstance(inner, ObjectOutput):
        raise NoProjection
    classes = RecordClasses(records, names)
    record, attribute = classes.get_or_make(inner, key)
    written = classes.write_value(output, "x")
    finish = None if written is None else eval(f"lambda values: [{written} for x in values]")  # noqa: S307 - names of GraphQL and Python
    whole = classes.choose_type(output)
    batch = Form(list[whole | None] if in_order else list[record])  # type: ignore[valid-type]  # made at run time
    return Projection(Form(whole), batch, attribute, finish)


def learn_names(records: Records, output: Output, data: Any, names: Names) -> None:
    """Note what an upstream calls those attributes that could have two names, as far as its first records show."""
    if isinstance(data, list):
        if data:
            learn_names(records, output.items if isinstance(output, ListOutput) else output, data[0], names)
        return
    inner = innermost(output)
    if not isinstance(inner, ObjectOutput) or not isinstance(data, Mapping):
        return
    slots = {slot.attribute: slot for slot in records.list_slots(inner.type)}
    for slot in slots.values():
        if slot.path[0] in data:
            names.pop((inner.type.name, slot.attribute), None)  # it may have been called otherwise before
        elif slot.other in data:
            names[inner.type.name, slot.attribute] = slot.other
    for step in inner.shape.steps:
        slot_of = slots.get(step.resolution.name) if isinstance(step.resolution, Attribute) else None
        if slot_of is not None and isinstance(step.output, ObjectOutput | ListOutput):
            name = names.get((inner.type.name, slot_of.attribute), slot_of.path[0])
            learn_names(records, step.output, data.get(name), names)


__all__ = ["Names", "NoProjection", "Projection", "learn_names", "project"]
