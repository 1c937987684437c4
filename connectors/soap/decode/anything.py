"""XML without a declared type as plain Python: xs:any, xs:anyType, DataSets, details of faults. Used by `elements`.

Elements by their local names (a list where a name is repeated), attributes as `@name`, a text beside these as
`_value_1`, a text alone as itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lxml.etree import _Element

from connectors.soap.schema_zeep import TEXT

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def decode_anything(element: _Element, decode: Callable[[_Element], Any] | None = None) -> Any:
    """Decode the content of an element; `decode` is for those inside it, where they may have types."""
    children, attributes = list(element), list_attributes(element)
    if not children and not attributes:
        return element.text
    record: dict[str, Any] = {f"@{strip_namespace(tag)}": value for tag, value in attributes}
    record.update(collect_elements(children, decode or decode_anything))
    if text := read_text(element).strip():
        record[TEXT] = text
    return record


def collect_elements(elements: Iterable[_Element], decode: Callable[[_Element], Any]) -> dict[str, Any]:
    """The values of elements by local name; a list where there are several of a name."""
    found: dict[str, list[Any]] = {}
    for element in elements:
        found.setdefault(strip_namespace(element.tag), []).append(decode(element))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def list_attributes(element: _Element) -> list[tuple[str, str]]:
    """The attributes of an element without those of XML Schema, which say how to read it."""
    return [(str(tag), str(value)) for tag, value in element.items() if not str(tag).startswith(XSI)]


def read_text(element: _Element) -> str:
    """The text of an element before, between and behind those inside it."""
    return "".join([element.text or "", *(child.tail or "" for child in element)])


def strip_namespace(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]
