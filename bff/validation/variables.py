"""Refuse variables that are too large: in bytes, in values, in one string or list. A rule of `prepare.plan.Plans`.

Strings and lists in the document are held to the same maxima, once per plan.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from graphql import DocumentNode, ListValueNode, Node, OperationDefinitionNode, StringValueNode

from bff.contract import Problem, Refused

_encode = msgspec.json.Encoder(enc_hook=lambda value: None).encode  # what is no JSON came beside it, such as files
MAX_VALUES = 5_000
"""In all variables together; coercing them holds everyone up for 3 to 20 us each (measured)."""
_MAX_PATH = 500
"""Characters of the path of a value, in an error."""
_UNLIMITED = 2**62


class VariablesLimit:
    """At most `max_size` bytes, as JSON without spaces, and MAX_VALUES values.

    A string has at most `max_string_length` characters, a list `max_list_size` items; None is unlimited.
    """

    def __init__(
        self, max_size: int, *, max_string_length: int | None = None, max_list_size: int | None = None
    ) -> None:
        self._max_size = max_size
        self._max_string_length = _UNLIMITED if max_string_length is None else max_string_length
        self._max_list_size = _UNLIMITED if max_list_size is None else max_list_size
        self._harmless_size = min(self._max_string_length, 2 * self._max_list_size)
        """Bytes of JSON, or characters of a document, in which no string or list can be too long."""

    def __call__(
        self, document: DocumentNode, operation: OperationDefinitionNode
    ) -> Callable[[Mapping[str, Any]], None]:
        """The same check for every operation. Raises Refused for a string or list in the document."""
        if document.loc is None or len(document.loc.source.body) > self._harmless_size:
            self._check_literals(document)
        return self._check_variables

    def _check_literals(self, document: DocumentNode) -> None:
        waiting: list[Node] = [document]
        while waiting:
            node = waiting.pop()
            if isinstance(node, StringValueNode):
                self._check_string(len(node.value), "A string in the document")
            elif isinstance(node, ListValueNode):
                self._check_list(len(node.values), "A list in the document")
            for key in node.keys:
                inner = getattr(node, key, None)
                if isinstance(inner, Node):
                    waiting.append(inner)
                elif isinstance(inner, tuple | list):
                    waiting += inner

    def _check_variables(self, variables: Mapping[str, Any]) -> None:
        if not variables:
            return
        size = _measure_size(variables)
        if size > self._max_size:
            raise Problem.VARIABLES_TOO_LARGE.refusal(
                f"The variables have {size} bytes; this frontend takes at most {self._max_size}."
            )
        if size > self._harmless_size:
            self._check_each(variables)
        elif _has_more_values(variables, MAX_VALUES):
            raise _refuse_values()

    def _check_each(self, variables: Mapping[str, Any]) -> None:
        """What `_has_more_values` counts, with a look at each string and list."""
        count = 0
        waiting: list[tuple[Any, str]] = [(variables, "")]
        while waiting:
            value, path = waiting.pop()
            is_list = isinstance(value, list)
            count += len(value)
            if is_list:
                self._check_list(len(value), f'The list "{path}" of the variables')
            if count > MAX_VALUES:
                raise _refuse_values()
            for key, each in enumerate(value) if is_list else value.items():
                if isinstance(each, str):
                    if len(each) > self._max_string_length:
                        self._check_string(len(each), f'The string "{_join(path, key)}" of the variables')
                elif isinstance(each, Mapping | list):
                    waiting.append((each, _join(path, key)))

    def _check_string(self, length: int, what: str) -> None:
        if length > self._max_string_length:
            raise _refuse_value(f"{what} has {length} characters", self._max_string_length)

    def _check_list(self, size: int, what: str) -> None:
        if size > self._max_list_size:
            raise _refuse_value(f"{what} has {size} items", self._max_list_size)


def _join(path: str, key: str | int) -> str:
    if len(path) > _MAX_PATH:
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key[:100]}" if path else key[:100]


def _refuse_value(what: str, limit: int) -> Refused:
    return Problem.BAD_USER_INPUT.refusal(f"{what}; this frontend takes at most {limit}.")


def _refuse_values() -> Refused:
    return Problem.TOO_MANY_VALUES.refusal(f"The variables hold more than {MAX_VALUES} values; send fewer at once.")


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
