"""@defer and @stream: what graphql-core delivers bit by bit becomes the parts of an answer. Used by the gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from graphql import GraphQLError

from bff.engine.graphql_core import InitialIncrementalExecutionResult, SubsequentIncrementalExecutionResult

Errors = Callable[[Sequence[GraphQLError]], Sequence[Mapping[str, Any]]]
"""Makes errors safe to show."""
Fields = dict[str, Any]
"""A part without its data: `hasNext` and the entries of its form."""


class Delivery(Protocol):
    """The parts of one answer, written in one form."""

    def begin(self, result: InitialIncrementalExecutionResult) -> Fields:
        """What stands beside the data of the first part."""

    def go_on(self, result: SubsequentIncrementalExecutionResult) -> Fields:
        """One of the parts after it."""

    def break_off(self, error: Mapping[str, Any]) -> Fields:
        """The last part, when everything that is still pending failed for one reason."""


class ByIds:
    """Parts are announced with an id and completed: `incrementalSpec=v0.2`, graphql-core's own form."""

    def __init__(self, errors: Errors) -> None:
        self._errors = errors
        self._pending: dict[str, None] = {}

    def begin(self, result: InitialIncrementalExecutionResult) -> Fields:
        """What stands beside the data of the first part."""
        return {"pending": self._announce(result), "hasNext": True}

    def go_on(self, result: SubsequentIncrementalExecutionResult) -> Fields:
        """One of the parts after it."""
        part: Fields = {}
        if result.pending:
            part["pending"] = self._announce(result)
        if result.incremental:
            part["incremental"] = [self._translate_errors(each) for each in result.incremental]
        if result.completed:
            part["completed"] = [self._translate_errors(each) for each in result.completed]
            for each in result.completed:
                del self._pending[each.id]
        return {**part, "hasNext": result.has_next}

    def break_off(self, error: Mapping[str, Any]) -> Fields:
        """The last part, when everything that is still pending failed for one reason."""
        return {"completed": [{"id": each, "errors": [error]} for each in self._pending], "hasNext": False}

    def _announce(
        self, result: InitialIncrementalExecutionResult | SubsequentIncrementalExecutionResult
    ) -> list[Mapping[str, Any]]:
        announced = result.pending or ()
        self._pending.update(dict.fromkeys(each.id for each in announced))
        return [dict(each.formatted) for each in announced]

    def _translate_errors(self, each: Any) -> Fields:
        """The entry with its errors translated; graphql-core would show what was raised."""
        errors, each.errors = each.errors, None
        formatted: Fields = dict(each.formatted)
        if errors:
            formatted["errors"] = list(self._errors(errors))
        return formatted
