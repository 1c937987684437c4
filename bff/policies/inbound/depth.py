"""Refuse operations that nest too deeply, before they are validated. Fragments count where they are spread."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from bff.contract import Refused

INTROSPECTION = frozenset({"__schema", "__type"})
"""Not counted: tools ask deeper than any screen, it costs no upstream call, and validation has a rule for its depth."""


class DepthLimit:
    """A rule for `engine.plan.Plans`: at most `most` fields below one another."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        """Raise Refused when the operation is deeper."""
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        self._walk(operation.selection_set, 1, fragments, {}, frozenset())

    def _walk(
        self,
        selections: SelectionSetNode,
        depth: int,
        fragments: dict[str, FragmentDefinitionNode],
        seen: dict[str, int],
        inside: frozenset[str],
    ) -> None:
        """Walk one selection set whose fields stand at `depth`; `seen` has the deepest visit of each fragment."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                if node.name.value in INTROSPECTION:
                    continue
                if depth > self._most:
                    raise Refused(
                        "TOO_DEEP", f"The operation is nested more than {self._most} fields deep; ask for less at once."
                    )
                if node.selection_set:
                    self._walk(node.selection_set, depth + 1, fragments, seen, inside)
            elif isinstance(node, InlineFragmentNode):
                self._walk(node.selection_set, depth, fragments, seen, inside)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                fragment = fragments.get(name)
                # cycles and unknown names are validation's to report; a visit at no greater depth has nothing new
                if fragment is None or name in inside or seen.get(name, 0) >= depth:
                    continue
                seen[name] = depth
                self._walk(fragment.selection_set, depth, fragments, seen, inside | {name})
