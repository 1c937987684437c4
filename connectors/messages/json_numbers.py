"""JSON whose numbers are decoded in bounded time. Used wherever JSON of an upstream becomes plain Python.

msgspec takes up to 36 microseconds for some numbers of five characters, such as 1e300: 10,000 times as long as for
others. 50 kB of them would keep the event loop for 0.3 s. Python's own float takes below a microsecond for each.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import msgspec

SMALL: Final = 8_000
"""Bytes that are decoded by msgspec alone: below 50 milliseconds whatever they are."""
_CLASSES = bytes.maketrans(b"0123456789E+]} \t\r\n", b"0000000000e-,,,,,,")
_EXPONENT = re.compile(rb"0e-?00+,")
"""Of two digits or more, outside of strings, as translated by _CLASSES."""


def parse_float(text: str) -> float:
    """A `float_hook` for decoders of msgspec. Raises DecodeError for what no float can hold."""
    value = float(text)
    if math.isinf(value):
        raise msgspec.DecodeError("Number out of range")
    return value


_quick = msgspec.json.Decoder()
_careful = msgspec.json.Decoder(float_hook=parse_float)


def parse_json(body: bytes | str | msgspec.Raw) -> Any:
    """JSON as plain Python. Raises what msgspec raises."""
    return (_quick if len(body) <= SMALL else _careful).decode(body)


def has_slow_numbers(body: bytes) -> bool:
    """Whether msgspec may take long for numbers of this JSON: one has an exponent of two digits or more."""
    if len(body) <= SMALL:
        return False
    return _EXPONENT.search(body.translate(_CLASSES)) is not None
