"""How large an operation is once its fragments are written out: one walk, in time linear in the document.

Each fragment is measured once and its numbers are added wherever it is spread. Used by document_limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)

from bff.contract import Problem

INTROSPECTION = frozenset({"__schema", "__type"})
"""Their depth is not counted: tools ask deeper than any screen, and validation has a rule of its own for it."""


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of a selection set, of an operation or of a fragment. Fragments count wherever they are spread."""

    depth: int = 0
    """Fields below one another."""
    root_fields: int = 0
    """Fields that are not inside of another one."""
    selections: int = 0
    """Fields, spreads and inline fragments."""
    aliases: int = 0
    directives: int = 0
    introspects: bool = False
    """Whether the schema is asked for."""

    def __add__(self, other: Size) -> Size:
        """The size of two selection sets side by side."""
        return Size(
            max(self.depth, other.depth),
            self.root_fields + other.root_fields,
            self.selections + other.selections,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.introspects or other.introspects,
        )


class Sizes:
    """The sizes of one document's parts."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Size | None] = {}
        """By fragment; None while it is being measured."""

    def measure(self, selections: SelectionSetNode) -> Size:
        """The size of a selection set. Raises Refused when a fragment spreads itself."""
        total = Size()
        for node in selections.selections:
            total += self._measure_selection(node)
        return total

    def find_max_selections(self) -> int:
        """Maximum number of selections of any fragment, spread or not, because validation looks at them all."""
        return max((self._measure_fragment(name).selections for name in self._fragments), default=0)

    def _measure_selection(self, node: SelectionNode) -> Size:
        inner = Size()
        if isinstance(node, FragmentSpreadNode):
            inner = self._measure_fragment(node.name.value)
        elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
            inner = self.measure(node.selection_set)
        directives = inner.directives + len(node.directives or ())
        selections = inner.selections + 1
        if not isinstance(node, FieldNode):
            return Size(inner.depth, inner.root_fields, selections, inner.aliases, directives, inner.introspects)
        asks = node.name.value in INTROSPECTION
        depth = 0 if asks else inner.depth + 1
        aliases = inner.aliases + (node.alias is not None)
        return Size(depth, 1, selections, aliases, directives, asks or inner.introspects)

    def _measure_fragment(self, name: str) -> Size:
        if name not in self._fragments:
            return Size()  # validation's to report
        if name not in self._known:
            self._known[name] = None
            fragment = self._fragments[name]
            own = Size(directives=len(fragment.directives or ()))
            self._known[name] = self.measure(fragment.selection_set) + own
        known = self._known[name]
        if known is None:
            raise Problem.FRAGMENT_CYCLE.refusal(
                f'The fragment "{name}" spreads itself; fragments may not form a cycle.'
            )
        return known
