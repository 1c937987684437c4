"""When two keys are the same: 7, 7.0 and "7" are, true and 1 are not. For batches, and for subscribers of messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, get_args
from uuid import UUID

KeyCase = Literal["exact", "insensitive", "uuid"]
"""How keys that are texts are compared: as they are, without their case, or as UUIDs in any of their forms."""
KEY_CASES: Final[tuple[str, ...]] = get_args(KeyCase)
_ZEROS = re.compile(r"(?<![^\0])(-?[0-9]+)\.0+(?=\0|\Z)", re.ASCII)
_EXACT = 2**53
"""Beyond it, a float stands for several integers."""


def to_key_text(value: Any) -> str:
    """A text that is equal for equal keys, because an id often is `"7"` in GraphQL and 7, or 7.0, upstream."""
    kind = type(value)
    if kind is str or kind is int:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, Enum):
        return to_key_text(value.value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, Decimal) and value.is_finite():
        return str(int(value)) if value == value.to_integral_value() else format(value.normalize(), "f")
    return str(value)


def pair_decimals(left: Collection[str], requested: Collection[str]) -> dict[str, str]:
    """Keys of records that match no requested key as they are, and the one that each equals as a decimal number.

    An upstream may write 7 as the text "7.00", as xs:decimal does. Texts that match exactly come first, so that "1" and
    "1.0" can be two keys.
    """
    wanted = {_ZEROS.sub(r"\1", key): key for key in requested}
    shortened = {key: _ZEROS.sub(r"\1", key) for key in left}
    return {key: wanted[short] for key, short in shortened.items() if short in wanted}


def choose_key_text(case: KeyCase) -> Callable[[Any], str]:
    """`to_key_text`, for keys that are compared so."""
    return {"exact": to_key_text, "insensitive": _fold_case, "uuid": _read_uuid}[case]


def _fold_case(value: Any) -> str:
    return to_key_text(value).casefold()


def _read_uuid(value: Any) -> str:
    """A UUID with or without hyphens, braces and `urn:uuid:`; another text is compared as it is."""
    text = to_key_text(value)
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return text
