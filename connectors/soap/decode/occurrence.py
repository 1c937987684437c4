"""How often an element may occur in a complex type (XSD 1.0 part 1, section 3.8). Used by connectors.soap.reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zeep.xsd.elements import Any as AnyElement
from zeep.xsd.elements import Choice, Element, Group
from zeep.xsd.elements.indicators import OrderIndicator

_MANY = 2


@dataclass(slots=True)
class Occurs:
    """Least and most times, where 2 or more stands for many."""

    element: Element
    least: int
    most: int


def occurrences(particle: Any) -> dict[str, Occurs]:
    """Every element that a sequence, choice, all or group may hold, by tag; in a choice the highest count holds."""
    if isinstance(particle, Element):
        return {particle.qname.text: Occurs(particle, particle.min_occurs, _most(particle))}
    merged: dict[str, Occurs] = {}
    is_choice = isinstance(particle, Choice)
    for part in _parts(particle):
        for tag, found in occurrences(part).items():
            known = merged.setdefault(tag, Occurs(found.element, 0, 0))
            if is_choice:
                known.most = max(known.most, found.most)
            else:
                known.least += found.least
                known.most += found.most
    for occurs in merged.values():
        occurs.least *= particle.min_occurs
        occurs.most *= _most(particle)
    return merged


def takes_any(particle: Any) -> bool:
    """Whether xs:any stands somewhere in it."""
    return isinstance(particle, AnyElement) or any(takes_any(part) for part in _parts(particle))


def _most(particle: Any) -> int:
    return _MANY if particle.max_occurs == "unbounded" else int(particle.max_occurs)


def _parts(particle: Any) -> list[Any]:
    if isinstance(particle, Group):
        return [particle.child]
    return list(particle) if isinstance(particle, OrderIndicator) else []
