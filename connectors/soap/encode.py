"""Plain data into SOAP envelopes, by zeep. Used by the SOAP connector."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from lxml import etree
from lxml.etree import _Element

from connectors.soap.encode_mismatch import takes, why
from connectors.soap.errors import Misfit
from connectors.soap.wsdl import Method


def write(method: Method, message: Any, headers: Mapping[str, Any]) -> bytes:
    """The envelope to send, with a UsernameToken where the upstream wants one.

    Raises Misfit for data that the WSDL does not allow; facets such as patterns are left to the upstream.
    """
    elements = [_header(method, name, prepared(value)) for name, value in headers.items() if value is not None]
    name, body = method.operation.name, method.operation.input.body
    message = prepared(message)
    if body is None and message:
        raise Misfit(f"{name} takes no message", is_definition=True)
    if body is not None and not isinstance(message, Mapping) and (found := why(body.type, message, name)):
        raise found  # zeep would put it into the first element
    arguments, named = ((), message) if isinstance(message, Mapping) else ((message,), {})
    extra = {"_soapheaders": elements} if elements else {}

    def make() -> Any:
        return method.client.create_message(method.client.service, name, *arguments, **named, **extra)

    envelope = _fitted(make, None if body is None else body.type, message, name)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def prepared(value: Any) -> Any:
    """Values that zeep would write wrongly, in a form that it writes right: enums, booleans, floats, UUIDs, tuples."""
    if isinstance(value, Mapping):
        return {name: prepared(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [prepared(item) for item in value]
    if isinstance(value, Enum):
        return prepared(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else {"inf": "INF", "-inf": "-INF"}.get(str(value), "NaN")
    return str(value) if isinstance(value, UUID) else value


def _header(method: Method, name: str, value: Any) -> _Element:
    element = method.header_element(name)
    holder = etree.Element("header")

    def make() -> _Element:
        element.render(holder, element(**value) if isinstance(value, Mapping) else value)
        return holder[0]

    header: _Element = _fitted(make, element.type, value, f"header {name}")
    return header


def _fitted(make: Callable[[], Any], xsd_type: Any, data: Any, path: str) -> Any:
    try:
        return make()
    except Exception as error:  # zeep raises nearly anything for data that does not fit
        found = why(xsd_type, data, path)
        if found is None:
            reason = (
                "a text holds characters that XML cannot" if "XML compatible" in str(error) else "its values do not fit"
            )
            found = Misfit(f"{path}: {reason}; it takes {takes(xsd_type)}", is_definition=False)
        raise found from error
