"""Texts of XSD simple types as plain Python. Used by connectors.soap.reading.

Integers are int of any size, float and double are float, boolean is bool, lists are lists, a union is its first member
that fits. xs:decimal stays a text, because a float would lose digits of money. Dates, times, durations, hexBinary and
base64Binary stay texts in the form that XSD gives them. Strings keep or lose white space as their type says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from zeep.xsd.types import builtins
from zeep.xsd.types.collection import ListType, UnionType

Convert = Callable[[str], Any]
"""Text of an element or attribute -> plain Python. Raises ValueError, which says what was expected and not the text."""

_SPACES = re.compile(r"[ \t\n\r]+")
_SPACE = re.compile(r"[\t\n\r]")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def converter(xsd_type: Any) -> Convert:
    """How to read texts of this simple type of zeep's."""
    if isinstance(xsd_type, ListType):
        return _list(converter(xsd_type.item_type))
    if isinstance(xsd_type, UnionType):
        return _union([converter(member) for member in xsd_type.item_types])
    return next((convert for kind, convert in _CONVERTERS if isinstance(xsd_type, kind)), _as_it_is)


def result_of(convert: Convert) -> type | None:
    """What a converter gives: str, int, float or bool; None for lists and unions."""
    return _RESULTS.get(convert)


def converted(convert: Convert, texts: list[str | None]) -> list[Any]:
    """Many texts at once; None stays None. Raises ValueError."""
    if len(texts) == 1 or None in texts:
        return [None if text is None else convert(text) for text in texts]
    joined = "".join(texts)  # type: ignore[arg-type]  # it has no None
    if convert is _integer and joined.isdigit() and joined.isascii():
        return list(map(int, texts))  # type: ignore[arg-type]  # as above
    if convert is _as_it_is or (convert in _SPACED and not _SPACES.search(joined)):
        return texts
    return list(map(convert, texts))  # type: ignore[arg-type]  # as above


def keeps_empty(xsd_type: Any) -> bool:
    """Whether an empty text is a value of this type; it is nothing for all but strings."""
    return isinstance(xsd_type, builtins.String)


def _as_it_is(text: str) -> str:
    return text


def _replaced(text: str) -> str:
    return _SPACE.sub(" ", text)


def _collapsed(text: str) -> str:
    return _SPACES.sub(" ", text).strip(" ")


def _without_space(text: str) -> str:
    return _SPACES.sub("", text)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text := text.strip(" \t\n\r")):
        raise ValueError("is not an integer")
    try:
        return int(text)
    except ValueError:
        raise ValueError("is an integer of too many digits") from None


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text := text.strip(" \t\n\r")):
        raise ValueError("is not a decimal number")
    return text


def _float(text: str) -> float:
    if not _FLOAT.fullmatch(text := text.strip(" \t\n\r")):
        raise ValueError("is not a number")
    return float(text)


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.strip(" \t\n\r"))
    if value is None:
        raise ValueError("is not a boolean")
    return value


def _list(item: Convert) -> Convert:
    return lambda text: [item(part) for part in _SPACES.split(text) if part]


def _union(members: list[Convert]) -> Convert:
    def convert(text: str) -> Any:
        for member in members:
            try:
                return member(text)
            except ValueError:
                continue
        raise ValueError("fits no member of its union type")

    return convert


_CONVERTERS: tuple[tuple[type, Convert], ...] = (  # derived types before those they derive from
    (builtins.NmTokens, _list(_as_it_is)),
    (builtins.IDREFS, _list(_as_it_is)),
    (builtins.Entities, _list(_as_it_is)),
    (builtins.Token, _collapsed),
    (builtins.NormalizedString, _replaced),
    (builtins.String, _as_it_is),
    (builtins.Boolean, _boolean),
    (builtins.Integer, _integer),
    (builtins.Decimal, _decimal),
    (builtins.Float, _float),
    (builtins.Double, _float),
    (builtins.Base64Binary, _without_space),
    (builtins.BuiltinType, _collapsed),
)

_RESULTS: dict[Convert, type] = {
    **dict.fromkeys((_as_it_is, _replaced, _collapsed, _without_space, _decimal), str),
    _boolean: bool,
    _integer: int,
    _float: float,
}
_SPACED: tuple[Convert, ...] = (_replaced, _collapsed, _without_space)
"""Those that change nothing but white space."""
