"""How often an element may occur in a complex type (XSD 1.0 part 1, section 3.8). Used by `elements`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.soap.schema_zeep import Choice, Element, list_particles, read_max_occurs


@dataclass(slots=True)
class Occurrence:
    """How often an element may occur at least and at most; a `max` of 2 or more stands for any number."""

    element: Element
    min: int
    max: int


def count_occurrences(particle: Any) -> dict[str, Occurrence]:
    """Count, by tag, every element that a sequence, choice, all or group may hold; a choice counts its largest part."""
    if isinstance(particle, Element):
        return {particle.qname.text: Occurrence(particle, particle.min_occurs, read_max_occurs(particle))}
    merged: dict[str, Occurrence] = {}
    is_choice = isinstance(particle, Choice)
    for part in list_particles(particle):
        for tag, found in count_occurrences(part).items():
            known = merged.setdefault(tag, Occurrence(found.element, 0, 0))
            if is_choice:
                known.max = max(known.max, found.max)
            else:
                known.min += found.min
                known.max += found.max
    for occurs in merged.values():
        occurs.min *= particle.min_occurs
        occurs.max *= read_max_occurs(particle)
    return merged
