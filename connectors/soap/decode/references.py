"""Values that are told once and referred to, as SOAP 1.1 encoding (section 5) does. Used by connectors.soap.replies."""

from __future__ import annotations

from copy import deepcopy

from lxml.etree import _Element
from zeep.wsdl.messages.multiref import process_multiref

from connectors.soap.decode.elements import Unreadable

_MOST_ELEMENTS = 100_000
"""Elements a body may have once every reference is replaced by what it refers to."""


def has_shared(body: _Element) -> bool:
    """Whether it has values that may be referred to."""
    return any(child.get("id") is not None for child in body)


def resolved(body: _Element) -> _Element:
    """The body without references: itself when it has none, else a copy.

    Raises Unreadable for values that hold themselves, and for references upon references that would fill the memory.
    """
    if not has_shared(body):
        return body
    shared = {identity: child for child in body if (identity := child.get("id")) is not None}
    try:
        if _size(body, shared, {}) > _MOST_ELEMENTS:
            raise Unreadable("its references stand for more elements than are accepted, or for themselves")
        body = deepcopy(body)
        process_multiref(body)  # type: ignore[no-untyped-call]  # zeep's
    except RecursionError as error:
        raise Unreadable("its references are nested too deeply") from error
    return body


def _size(element: _Element, shared: dict[str, _Element], sizes: dict[str, int]) -> int:
    """Elements below and with this one, references followed; each shared value is counted once and remembered."""
    size = 0
    for node in element.iter():
        size += 1
        identity = (node.get("href") or "").removeprefix("#")
        if identity not in shared:
            continue
        if identity not in sizes:
            sizes[identity] = _MOST_ELEMENTS + 1  # what a value that holds itself finds
            sizes[identity] = _size(shared[identity], shared, sizes)
        size += sizes[identity]
    return size
