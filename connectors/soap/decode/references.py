"""Values that are written once and referred to, as in SOAP 1.1 encoding (section 5). Used by `reply`."""

from __future__ import annotations

from copy import deepcopy

from lxml.etree import _Element

from connectors.soap.decode.elements import Undecodable
from connectors.soap.schema_zeep import replace_references

_TEXT_OF_ELEMENT = 100
_MAX_ELEMENTS = 100_000
"""Elements a body may have once every reference is replaced by what it refers to; 100 characters count as one more."""


def has_shared_values(body: _Element) -> bool:
    """Whether a Body has values that may be referred to."""
    return any(child.get("id") is not None for child in body)


def resolve_references(body: _Element) -> _Element:
    """Return the Body without references: itself when it has none, else a copy.

    Raises Undecodable for values that contain themselves, and for nested references that would fill the memory.
    """
    if not has_shared_values(body):
        return body
    shared = {identity: child for child in body if (identity := child.get("id")) is not None}
    try:
        if _count_elements(body, shared, {}) > _MAX_ELEMENTS:
            raise Undecodable("its references stand for more elements than are accepted, or for themselves")
        body = deepcopy(body)
        replace_references(body)
    except RecursionError as error:
        raise Undecodable("its references are nested too deeply") from error
    return body


def _count_elements(element: _Element, shared: dict[str, _Element], sizes: dict[str, int]) -> int:
    """Count an element and those below it, references followed; the count of a shared value is kept in `sizes`."""
    size = 0
    for node in element.iter():
        size += 1 + len(node.text or "") // _TEXT_OF_ELEMENT
        identity = (node.get("href") or "").removeprefix("#")
        if identity not in shared:
            continue
        if identity not in sizes:
            sizes[identity] = _MAX_ELEMENTS + 1  # found by a value that contains itself
            sizes[identity] = _count_elements(shared[identity], shared, sizes)
        size += sizes[identity]
    return size
