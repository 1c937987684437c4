"""Decodes with zeep's parser what `elements` does not support, such as SOAP-encoded arrays. Used by the schema."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from lxml.etree import _Element

from connectors.soap.decode.anything import collect_elements, decode_anything
from connectors.soap.decode.elements import Decode, Undecodable
from connectors.soap.schema_zeep import PARSE_ERRORS, CompoundValue, format_duration, parse_element


def make_zeep_decoder(element: Any, schema: Any) -> Decode:
    """Make a decoder of this element that returns what `elements` would, as far as zeep keeps it."""

    def decode(node: _Element) -> Any:
        try:
            return convert_to_plain(parse_element(element, node, schema))
        except PARSE_ERRORS as error:
            raise Undecodable(f"zeep cannot read it ({type(error).__name__})") from error

    return decode


def convert_to_plain(value: Any) -> Any:
    """Convert zeep's values to plain Python, and the XML elements that it keeps of xs:any and xs:anyType."""
    if isinstance(value, CompoundValue | Mapping):
        entries = {name: convert_to_plain(value[name]) for name in value if name != "_raw_elements"}
        raw = value["_raw_elements"] if "_raw_elements" in value else None  # noqa: SIM401 - zeep's value has no get
        return {**collect_elements(raw, decode_anything), **entries} if raw else entries
    if isinstance(value, list | tuple):
        if value and all(isinstance(item, _Element) for item in value):
            return collect_elements(value, decode_anything)
        return [convert_to_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if value is None or isinstance(value, str | int | float):
        return value
    return decode_anything(value) if isinstance(value, _Element) else format_duration(value)
