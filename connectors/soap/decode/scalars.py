"""Texts of XSD simple types as plain Python. Used by connectors.soap.decode.elements.

Integers are int of any size, float and double are float, boolean is bool, lists are lists, a union is its first member
that fits. xs:decimal stays a text, because a float would lose digits of money. Dates, times, durations, hexBinary and
base64Binary stay texts in the form that XSD gives them. Strings keep or lose white space as their type says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connectors.soap.schema_zeep import ListType, UnionType, builtins

Convert = Callable[[str], Any]
"""Text of an element or attribute -> plain Python. Raises ValueError, which says what was expected and not the text."""

_SPACES = re.compile(r"[ \t\n\r]+")
_SPACE = re.compile(r"[\t\n\r]")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def get_converter(xsd_type: Any) -> Convert:
    """Get the converter for texts of this simple type."""
    if isinstance(xsd_type, ListType):
        return _make_list_converter(get_converter(xsd_type.item_type))
    if isinstance(xsd_type, UnionType):
        return _make_union_converter([get_converter(member) for member in xsd_type.item_types])
    return next((convert for kind, convert in _CONVERTERS if isinstance(xsd_type, kind)), _keep_text)


def get_result_type(convert: Convert) -> type | None:
    """Get the type that a converter returns: str, int, float or bool; None for lists and unions."""
    return _RESULTS.get(convert)


def convert_all(convert: Convert, texts: list[str | None]) -> list[Any]:
    """Convert many texts at once; None stays None. Raises ValueError."""
    if len(texts) == 1 or None in texts:
        return [None if text is None else convert(text) for text in texts]
    joined = "".join(texts)  # type: ignore[arg-type]  # it has no None
    if convert is _parse_integer and joined.isdigit() and joined.isascii():
        return list(map(int, texts))  # type: ignore[arg-type]  # as above
    if convert is _keep_text or (convert in _SPACED and not _SPACES.search(joined)):
        return texts
    return list(map(convert, texts))  # type: ignore[arg-type]  # as above


def keeps_empty(xsd_type: Any) -> bool:
    """Whether an empty text is a value of this type; it is nothing for all but strings."""
    return isinstance(xsd_type, builtins.String)


def _keep_text(text: str) -> str:
    return text


def _replace_spaces(text: str) -> str:
    return _SPACE.sub(" ", text)


def _collapse_spaces(text: str) -> str:
    return _SPACES.sub(" ", text).strip(" ")


def _remove_spaces(text: str) -> str:
    return _SPACES.sub("", text)


def _parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text := text.strip(" \t\n\r")):
        raise ValueError("is not an integer")
    try:
        return int(text)
    except ValueError:
        raise ValueError("is an integer of too many digits") from None


def _parse_decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text := text.strip(" \t\n\r")):
        raise ValueError("is not a decimal number")
    return text


def _parse_float(text: str) -> float:
    if not _FLOAT.fullmatch(text := text.strip(" \t\n\r")):
        raise ValueError("is not a number")
    return float(text)


def _parse_boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.strip(" \t\n\r"))
    if value is None:
        raise ValueError("is not a boolean")
    return value


def _make_list_converter(item: Convert) -> Convert:
    return lambda text: [item(part) for part in _SPACES.split(text) if part]


def _make_union_converter(members: list[Convert]) -> Convert:
    def convert(text: str) -> Any:
        for member in members:
            try:
                return member(text)
            except ValueError:
                continue
        raise ValueError("fits no member of its union type")

    return convert


_CONVERTERS: tuple[tuple[type, Convert], ...] = (  # derived types before those they derive from
    (builtins.NmTokens, _make_list_converter(_keep_text)),
    (builtins.IDREFS, _make_list_converter(_keep_text)),
    (builtins.Entities, _make_list_converter(_keep_text)),
    (builtins.Token, _collapse_spaces),
    (builtins.NormalizedString, _replace_spaces),
    (builtins.String, _keep_text),
    (builtins.Boolean, _parse_boolean),
    (builtins.Integer, _parse_integer),
    (builtins.Decimal, _parse_decimal),
    (builtins.Float, _parse_float),
    (builtins.Double, _parse_float),
    (builtins.Base64Binary, _remove_spaces),
    (builtins.BuiltinType, _collapse_spaces),
)

_RESULTS: dict[Convert, type] = {
    **dict.fromkeys((_keep_text, _replace_spaces, _collapse_spaces, _remove_spaces, _parse_decimal), str),
    _parse_boolean: bool,
    _parse_integer: int,
    _parse_float: float,
}
_SPACED: tuple[Convert, ...] = (_replace_spaces, _collapse_spaces, _remove_spaces)
"""Those that change nothing but white space."""
