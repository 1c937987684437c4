"""Refuse variables that are too many bytes or too many values. A rule of `engine.prepare.plan.Plans`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from graphql import DocumentNode, OperationDefinitionNode

from bff.contract import Problem

_encode = msgspec.json.Encoder(enc_hook=lambda value: None).encode  # what is no JSON came beside it, such as files
MAX_VALUES = 5_000
"""In all variables together; coercing them holds everyone up for 3 to 20 us each (measured)."""


class VariablesLimit:
    """At most `max_size` bytes, as JSON without spaces, and MAX_VALUES values."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size

    def __call__(
        self, document: DocumentNode, operation: OperationDefinitionNode
    ) -> Callable[[Mapping[str, Any]], None]:
        """The same check for every operation."""
        return self._check_variables

    def _check_variables(self, variables: Mapping[str, Any]) -> None:
        if not variables:
            return
        size = _measure_size(variables)
        if size > self._max_size:
            raise Problem.VARIABLES_TOO_LARGE.refusal(
                f"The variables have {size} bytes; this frontend takes at most {self._max_size}."
            )
        if _has_more_values(variables, MAX_VALUES):
            raise Problem.TOO_MANY_VALUES.refusal(
                f"The variables hold more than {MAX_VALUES} values; send fewer at once."
            )


def _measure_size(variables: Mapping[str, Any]) -> int:
    try:
        return len(_encode(variables))
    except UnicodeEncodeError:  # half of a surrogate pair
        return len(json.dumps(variables, default=lambda value: None))


def _has_more_values(variables: Mapping[str, Any], limit: int) -> bool:
    """Whether there are more than `limit` values, at any depth. Counting ends at the limit."""
    count = 0
    waiting: list[Any] = [variables]
    while waiting:
        value = waiting.pop()
        inner = value.values() if isinstance(value, Mapping) else value
        count += len(inner)
        if count > limit:
            return True
        waiting += [each for each in inner if isinstance(each, Mapping | list)]
    return False
