"""Refuse variables that are too many bytes. A rule of `engine.plan.Plans`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from graphql import DocumentNode, OperationDefinitionNode

from bff.contract import Refused

_encode = msgspec.json.Encoder(enc_hook=lambda value: None).encode  # what is no JSON came beside it, such as files


class VariablesLimit:
    """At most `most` bytes, as JSON without spaces."""

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


def _bytes(variables: Mapping[str, Any]) -> int:
    try:
        return len(_encode(variables))
    except UnicodeEncodeError:  # half of a surrogate pair
        return len(json.dumps(variables, default=lambda value: None))
