"""Why a message does not match its XSD type, as RequestMismatch. Used by connectors.soap.encode_values."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from connectors.soap.errors import RequestMismatch
from connectors.soap.schema_types import Record
from connectors.soap.schema_zeep import Attribute


def make_unknown_error(path: str, record: Record, data: Any, name: str = "") -> RequestMismatch:
    """An element that the type does not have, or one value where elements are needed. It is the author's to mend."""
    if not isinstance(data, Mapping):
        given = "and a list is given" if isinstance(data, list | tuple | set | frozenset) else "not one value"
        reason = f"{path} takes elements by name ({write_signature(record)}), {given}"
    else:
        hint = suggest_name(str(name), record.list_names())
        reason = f'{path} has no "{name}"{hint or f"; it takes {write_signature(record)}"}'
    return RequestMismatch(reason, is_definition=True)


def make_missing_error(path: str, name: str) -> RequestMismatch:
    """An element or attribute that must be there."""
    return RequestMismatch(f'{path} needs "{name}"', is_definition=True)


def make_null_error(path: str) -> RequestMismatch:
    """A null where there must be a value. It came with the call."""
    return RequestMismatch(f"{path} must have a value, and null was given", is_definition=False)


def make_text_error(path: str) -> RequestMismatch:
    """A text that XML cannot hold."""
    return RequestMismatch(f"{path}: a text holds characters that XML cannot", is_definition=False)


def make_type_error(path: str, declared: str | None, derived: list[str], given: str | None = None) -> RequestMismatch:
    """A type that cannot stand there: an abstract one, or none that is known and derived from the declared one."""
    names = ", ".join(sorted(derived)) or "none in this WSDL"
    if given is None:
        reason = f'{path} is of the abstract type {declared}; name a derived one in "@type": {names}'
    else:
        reason = (
            f'{path} cannot be of type "{given[:100]}"{suggest_name(given, derived)}; '
            f"derived from {declared or 'its type'} are: {names}"
        )
    return RequestMismatch(reason, is_definition=False)


def write_signature(record: Record) -> str:
    """Describe what a type takes: `Sku, At?, Item[]`."""
    named = {**record.elements, **record.attributes}
    names = [name + _mark_occurrence(field) for name, field in named.items()]
    if record.text is not None:
        names.insert(0, "_value_1")
    if record.takes_any:
        names.append("any elements")
    return ", ".join(names) or "nothing"


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
