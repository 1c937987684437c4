"""@defer and @stream in a document: count them, and leave them out. Used by bff.engine.prepare.plan."""

from __future__ import annotations

from graphql import DocumentNode
from graphql.language import REMOVE, DirectiveNode, Visitor, VisitorAction, visit

DIRECTIVES = frozenset({"defer", "stream"})
MAX_INCREMENTS = 20
"""A document with more of them is answered whole: each costs as much as several fields, for every item of a list."""


def count_increments(document: DocumentNode) -> int:
    """How often @defer and @stream are in it."""
    counter = _Counter()
    visit(document, counter)
    return counter.count


def strip_increments(document: DocumentNode) -> DocumentNode:
    """The document without @defer and @stream, for clients that take one response."""
    stripped: DocumentNode = visit(document, _Stripper())
    return stripped


class _Stripper(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value in DIRECTIVES else None


class _Counter(Visitor):
    count = 0

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.count += node.name.value in DIRECTIVES
