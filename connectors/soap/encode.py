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

from connectors.soap.encode_mismatch import describe_type, explain_mismatch
from connectors.soap.errors import RequestMismatch
from connectors.soap.schema import Method
from connectors.soap.schema_zeep import make_envelope, render_header


def encode_message(method: Method, message: Any, headers: Mapping[str, Any]) -> bytes:
    """Encode the envelope to send, with a UsernameToken where the options have a user.

    Raises RequestMismatch for data that the WSDL does not allow; facets such as patterns are left to the upstream.
    """
    elements = [
        _encode_header(method, name, convert_value(value)) for name, value in headers.items() if value is not None
    ]
    name, body = method.operation.name, method.operation.input.body
    message = convert_value(message)
    if body is None and message:
        raise RequestMismatch(f"{name} takes no message", is_definition=True)
    if body is not None and not isinstance(message, Mapping) and (found := explain_mismatch(body.type, message, name)):
        raise found  # zeep would put it into the first element
    arguments, named = ((), message) if isinstance(message, Mapping) else ((message,), {})

    def make() -> Any:
        return make_envelope(method.client, name, arguments, named, elements)

    envelope = _explain_failures(make, None if body is None else body.type, message, name)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def convert_value(value: Any) -> Any:
    """Convert values that zeep would write wrongly: enums, booleans, floats, UUIDs, tuples."""
    if isinstance(value, Mapping):
        return {name: convert_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [convert_value(item) for item in value]
    if isinstance(value, Enum):
        return convert_value(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else {"inf": "INF", "-inf": "-INF"}.get(str(value), "NaN")
    return str(value) if isinstance(value, UUID) else value


def _encode_header(method: Method, name: str, value: Any) -> _Element:
    element = method.find_header_element(name)
    holder = etree.Element("header")

    def make() -> _Element:
        return render_header(element, holder, value)

    header: _Element = _explain_failures(make, element.type, value, f"header {name}")
    return header


def _explain_failures(make: Callable[[], Any], xsd_type: Any, data: Any, path: str) -> Any:
    try:
        return make()
    except Exception as error:  # zeep raises nearly anything for data that does not fit
        found = explain_mismatch(xsd_type, data, path)
        if found is None:
            reason = (
                "a text holds characters that XML cannot" if "XML compatible" in str(error) else "its values do not fit"
            )
            found = RequestMismatch(f"{path}: {reason}; it takes {describe_type(xsd_type)}", is_definition=False)
        raise found from error
