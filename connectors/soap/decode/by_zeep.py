"""Reads with zeep's own parser what readers do not cover, such as SOAP-encoded arrays. Used by connectors.soap.wsdl."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from lxml.etree import _Element
from zeep.exceptions import Error as ZeepError
from zeep.xsd import CompoundValue, Duration
from zeep.xsd.context import XmlParserContext

from connectors.soap.decode.elements import Read, Unreadable

_make_context: Callable[..., Any] = XmlParserContext  # zeep's annotations are half done
_make_duration: Callable[[], Any] = Duration


def zeep_reader(element: Any, schema: Any) -> Read:
    """A reader for this element that gives what connectors.soap.decode.elements would, as far as zeep tells."""

    def read(node: _Element) -> Any:
        context = _make_context(settings=schema.settings)
        try:
            return plain(element.parse(node, schema, context=context))
        except (ZeepError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise Unreadable(f"zeep cannot read it ({type(error).__name__})") from error

    return read


def plain(value: Any) -> Any:
    """Zeep's values as plain Python; XML elements, which it keeps of xs:any, are left out."""
    if isinstance(value, CompoundValue | Mapping):
        entries = {name: value[name] for name in value if name != "_raw_elements"}
        return {name: plain(item) for name, item in entries.items() if not isinstance(item, _Element)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value if not isinstance(item, _Element)]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if value is None or isinstance(value, str | int | float):
        return value
    return None if isinstance(value, _Element) else _make_duration().xmlvalue(value)
