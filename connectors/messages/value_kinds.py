"""What a value of a reply is, in the words of JSON, for messages that must not repeat the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe_kind(value: Any) -> str:
    """`a number`, `an object` and so on."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "another value"
