"""Refuse variables that are too many bytes or too many values. A rule of `engine.prepare.plan.Plans`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from graphql import DocumentNode, OperationDefinitionNode

from bff.contract import Refused

_encode = msgspec.json.Encoder(enc_hook=lambda value: None).encode  # what is no JSON came beside it, such as files
MOST_VALUES = 5_000
"""In all variables together; coercing them holds everyone up for 3 to 20 us each (measured)."""


class VariablesLimit:
    """At most `most` bytes, as JSON without spaces, and MOST_VALUES values."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(
        self, document: DocumentNode, operation: OperationDefinitionNode
    ) -> Callable[[Mapping[str, Any]], None]:
        """The same check for every operation."""
        return self._check

    def _check(self, variables: Mapping[str, Any]) -> None:
        if not variables:
            return
        size = _bytes(variables)
        if size > self._most:
            raise Refused(
                "VARIABLES_TOO_LARGE", f"The variables have {size} bytes; this frontend takes at most {self._most}."
            )
        if _has_more_values(variables, MOST_VALUES):
            raise Refused("TOO_MANY_VALUES", f"The variables hold more than {MOST_VALUES} values; send fewer at once.")


def _bytes(variables: Mapping[str, Any]) -> int:
    try:
        return len(_encode(variables))
    except UnicodeEncodeError:  # half of a surrogate pair
        return len(json.dumps(variables, default=lambda value: None))


def _has_more_values(variables: Mapping[str, Any], most: int) -> bool:
    """Counting ends there."""
    count = 0
    waiting: list[Any] = [variables]
    while waiting:
        value = waiting.pop()
        inner = value.values() if isinstance(value, Mapping) else value
        count += len(inner)
        if count > most:
            return True
        waiting += [each for each in inner if isinstance(each, Mapping | list)]
    return False
