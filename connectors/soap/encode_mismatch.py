"""Why a message that zeep refused does not fit its XSD type. Used by connectors.soap.messages."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from zeep.xsd import ComplexType
from zeep.xsd.elements import Attribute, Element

from connectors.soap.errors import Misfit


def why(xsd_type: Any, data: Any, path: str) -> Misfit | None:
    """The first reason why this data does not fit the type; None when none is found. `path` says where it stands."""
    if isinstance(data, list):
        return next((found for item in data if (found := why(xsd_type, item, path))), None)
    if not isinstance(xsd_type, ComplexType):
        if isinstance(data, Mapping):
            given = ", ".join(map(str, data)) or "none"
            return Misfit(f"{path} is one value and has no elements, but {given} is given", is_definition=True)
        return None
    if not isinstance(data, Mapping):
        return (
            None
            if data is None
            else Misfit(f"{path} takes elements by name ({takes(xsd_type)}), not one value", is_definition=True)
        )
    return _unknown(xsd_type, data, path) or _missing(xsd_type, data, path) or _inside(xsd_type, data, path)


def takes(xsd_type: Any) -> str:
    """What may be given: `Sku, At?, Item[]`; nothing but a value for simple types."""
    if not isinstance(xsd_type, ComplexType):
        return "one value"
    return ", ".join(name + _mark(field) for name, field in _fields(xsd_type).items()) or "nothing"


def nearest(name: str, names: list[str]) -> str:
    """`; did you mean "Sku"?`, or nothing."""
    by_lower = {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), list(by_lower), n=1)
    return f'; did you mean "{by_lower[near[0]]}"?' if near else ""


def _fields(xsd_type: ComplexType) -> dict[str, Any]:
    return dict([*xsd_type.elements, *((name, each) for name, each in xsd_type.attributes if each.name)])


def _mark(field: Any) -> str:
    if isinstance(field, Attribute):
        return "" if field.required else "?"
    if field.accepts_multiple:
        return "[]"
    return "?" if field.is_optional else ""


def _unknown(xsd_type: ComplexType, data: Mapping[str, Any], path: str) -> Misfit | None:
    known = _fields(xsd_type)
    for name in data:
        if name not in known:
            hint = nearest(str(name), list(known))
            return Misfit(f'{path} has no "{name}"{hint or f"; it takes {takes(xsd_type)}"}', is_definition=True)
    return None


def _missing(xsd_type: ComplexType, data: Mapping[str, Any], path: str) -> Misfit | None:
    for name, field in _fields(xsd_type).items():
        is_needed = field.required if isinstance(field, Attribute) else not field.is_optional
        if not is_needed or getattr(field, "nillable", False) or data.get(name) is not None:
            continue
        if name in data:
            return Misfit(f"{path}.{name} must have a value, and null was given", is_definition=False)
        return Misfit(f'{path} needs "{name}"; it takes {takes(xsd_type)}', is_definition=True)
    return None


def _inside(xsd_type: ComplexType, data: Mapping[str, Any], path: str) -> Misfit | None:
    fields = _fields(xsd_type)
    for name, value in data.items():
        field = fields[name]
        if (
            isinstance(field, Element)
            and not isinstance(field, Attribute)
            and (found := why(field.type, value, f"{path}.{name}"))
        ):
            return found
    return None
