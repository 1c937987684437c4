"""@defer and @stream: what graphql-core delivers bit by bit becomes the parts of an answer. Used by the gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from graphql import DocumentNode, GraphQLError
from graphql.execution import InitialIncrementalExecutionResult, SubsequentIncrementalExecutionResult
from graphql.language import REMOVE, DirectiveNode, Visitor, VisitorAction, visit

Errors = Callable[[Sequence[GraphQLError]], Sequence[Mapping[str, Any]]]
"""Makes errors safe to show."""
Fields = dict[str, Any]
"""A part without its data: `hasNext` and the entries of its form."""

DIRECTIVES = frozenset({"defer", "stream"})
MOST = 20
"""A document with more of them is answered whole: each costs as much as several fields, for every item of a list."""


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
        return {"pending": self._announced(result), "hasNext": True}

    def go_on(self, result: SubsequentIncrementalExecutionResult) -> Fields:
        """One of the parts after it."""
        part: Fields = {}
        if result.pending:
            part["pending"] = self._announced(result)
        if result.incremental:
            part["incremental"] = [self._safe(each) for each in result.incremental]
        if result.completed:
            part["completed"] = [self._safe(each) for each in result.completed]
            for each in result.completed:
                del self._pending[each.id]
        return {**part, "hasNext": result.has_next}

    def break_off(self, error: Mapping[str, Any]) -> Fields:
        """The last part, when everything that is still pending failed for one reason."""
        return {"completed": [{"id": each, "errors": [error]} for each in self._pending], "hasNext": False}

    def _announced(
        self, result: InitialIncrementalExecutionResult | SubsequentIncrementalExecutionResult
    ) -> list[Mapping[str, Any]]:
        announced = result.pending or ()
        self._pending.update(dict.fromkeys(each.id for each in announced))
        return [dict(each.formatted) for each in announced]

    def _safe(self, each: Any) -> Fields:
        """The entry with its errors translated; graphql-core would show what was raised."""
        errors, each.errors = each.errors, None
        formatted: Fields = dict(each.formatted)
        if errors:
            formatted["errors"] = list(self._errors(errors))
        return formatted


def increments_in(document: DocumentNode) -> int:
    """How often @defer and @stream are in it."""
    found = _Count()
    visit(document, found)
    return found.count


def whole(document: DocumentNode) -> DocumentNode:
    """The document without @defer and @stream, for clients that take one response."""
    stripped: DocumentNode = visit(document, _Strip())
    return stripped


class _Strip(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value in DIRECTIVES else None


class _Count(Visitor):
    count = 0

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.count += node.name.value in DIRECTIVES
