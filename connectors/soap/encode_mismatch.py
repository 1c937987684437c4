"""Why a message that zeep refused does not fit its XSD type. Used by connectors.soap.messages."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from connectors.soap.errors import RequestMismatch
from connectors.soap.schema_zeep import Attribute, ComplexType, Element, list_fields


def explain_mismatch(xsd_type: Any, data: Any, path: str) -> RequestMismatch | None:
    """Find the first reason why data does not match the type; None without one. `path` is the place of the data."""
    if isinstance(data, list):
        return next((found for item in data if (found := explain_mismatch(xsd_type, item, path))), None)
    if not isinstance(xsd_type, ComplexType):
        if isinstance(data, Mapping):
            given = ", ".join(map(str, data)) or "none"
            return RequestMismatch(f"{path} is one value and has no elements, but {given} is given", is_definition=True)
        return None
    if not isinstance(data, Mapping):
        return (
            None
            if data is None
            else RequestMismatch(
                f"{path} takes elements by name ({describe_type(xsd_type)}), not one value", is_definition=True
            )
        )
    return (
        _find_unknown(xsd_type, data, path)
        or _find_missing(xsd_type, data, path)
        or _search_inside(xsd_type, data, path)
    )


def describe_type(xsd_type: Any) -> str:
    """Describe what a type takes: `Sku, At?, Item[]`; "one value" for simple types."""
    if not isinstance(xsd_type, ComplexType):
        return "one value"
    return ", ".join(name + _mark_occurrence(field) for name, field in list_fields(xsd_type).items()) or "nothing"


def suggest_name(name: str, names: list[str]) -> str:
    """`; did you mean "Sku"?`, or nothing."""
    by_lower = {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), list(by_lower), n=1)
    return f'; did you mean "{by_lower[near[0]]}"?' if near else ""


def _mark_occurrence(field: Any) -> str:
    if isinstance(field, Attribute):
        return "" if field.required else "?"
    if field.accepts_multiple:
        return "[]"
    return "?" if field.is_optional else ""


def _find_unknown(xsd_type: ComplexType, data: Mapping[str, Any], path: str) -> RequestMismatch | None:
    known = list_fields(xsd_type)
    for name in data:
        if name not in known:
            hint = suggest_name(str(name), list(known))
            return RequestMismatch(
                f'{path} has no "{name}"{hint or f"; it takes {describe_type(xsd_type)}"}', is_definition=True
            )
    return None


def _find_missing(xsd_type: ComplexType, data: Mapping[str, Any], path: str) -> RequestMismatch | None:
    for name, field in list_fields(xsd_type).items():
        is_needed = field.required if isinstance(field, Attribute) else not field.is_optional
        if not is_needed or getattr(field, "nillable", False) or data.get(name) is not None:
            continue
        if name in data:
            return RequestMismatch(f"{path}.{name} must have a value, and null was given", is_definition=False)
        return RequestMismatch(f'{path} needs "{name}"; it takes {describe_type(xsd_type)}', is_definition=True)
    return None


def _search_inside(xsd_type: ComplexType, data: Mapping[str, Any], path: str) -> RequestMismatch | None:
    fields = list_fields(xsd_type)
    for name, value in data.items():
        field = fields[name]
        if (
            isinstance(field, Element)
            and not isinstance(field, Attribute)
            and (found := explain_mismatch(field.type, value, f"{path}.{name}"))
        ):
            return found
    return None
