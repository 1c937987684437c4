"""When are two calls the same? The key of sharing and caching: everything that can influence the answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from hashlib import blake2b
from secrets import token_bytes
from typing import Any

from connectors.contract import Call

TRACING = frozenset({"x-request-id", "traceparent", "tracestate"})
"""Headers that tell who traces and never what is answered. With them in the key, no two calls would be the same."""

_SALT = token_bytes(16)
_PLAIN = frozenset({str, int})


class Itself:
    """Equal only to a stand-in for the very same object. Holds it, so that its id cannot pass to another one."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and self._value is other._value

    def __hash__(self) -> int:
        return id(self._value)


def create_key(call: Call) -> Hashable:
    """Equal for calls whose replies are interchangeable: operation, arguments, keys, selection and headers are."""
    return (Itself(call.operation), *_describe_request(call), _hash_headers(call.headers))


def create_flight_key(call: Call) -> Hashable:
    """The same for keys that do not outlive their calls: headers need no digest, and nothing must be held."""
    headers = call.headers
    if not TRACING.isdisjoint(headers):
        headers = {name: value for name, value in headers.items() if name not in TRACING}
    return (id(call.operation), *_describe_request(call), *headers.items())


def _describe_request(call: Call) -> tuple[Hashable, ...]:
    arguments, keys = call.arguments, call.keys
    plain = keys if not keys or _PLAIN.issuperset(map(type, keys)) else freeze(keys)
    return (freeze(arguments) if arguments else (), plain, call.selection)


def freeze_map(value: Mapping[str, Any]) -> Hashable:
    """`freeze` of a mapping, which is empty more often than not."""
    return freeze(value) if value else ()


def freeze(value: Any) -> Hashable:
    """A hashable stand-in for plain data; equal exactly when the data is equal and of the same types."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value  # type: ignore[no-any-return]  # most values: these three are never equal to each other
    if isinstance(value, Mapping):
        return ("map", frozenset((freeze(name), freeze(item)) for name, item in value.items()))
    if isinstance(value, list | tuple):
        return ("list", *map(freeze, value))
    if isinstance(value, set | frozenset):
        return ("set", frozenset(map(freeze, value)))
    if dataclasses.is_dataclass(kind):
        return (kind, *(freeze(getattr(value, each.name)) for each in dataclasses.fields(value)))
    return (kind, value) if getattr(kind, "__hash__", None) else Itself(value)


def _hash_headers(headers: Mapping[str, str]) -> bytes:
    """A digest, because keys outlive their calls and headers hold credentials."""
    kept = sorted((name, value) for name, value in headers.items() if name not in TRACING)
    return blake2b(repr(kept).encode(), digest_size=20, key=_SALT).digest() if kept else b""
