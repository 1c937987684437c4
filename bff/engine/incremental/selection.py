"""What an operation selects at one place of its answer, and which of it in a deferred fragment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from graphql.language import DirectiveNode, StringValueNode

Fragments = Mapping[str, FragmentDefinitionNode]


class Selection:
    """The selections at one place, worked out when an answer gets there: fragments can describe more than there is."""

    def __init__(self, selections: Sequence[SelectionSetNode], fragments: Fragments) -> None:
        self._fragments = fragments
        self._fields: dict[str, list[SelectionSetNode]] = {}
        self._deferred: dict[str | None, list[SelectionSetNode]] = {}
        self._inner: dict[tuple[str, str | None], Selection] = {}
        waiting, seen = list(selections), set[str]()
        for each in waiting:  # grows meanwhile
            for node in each.selections:
                if isinstance(node, FieldNode):
                    inner = self._fields.setdefault((node.alias or node.name).value, [])
                    inner += [node.selection_set] if node.selection_set else []
                elif isinstance(node, InlineFragmentNode):
                    self._note_deferred(node.directives, node.selection_set)
                    waiting.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode):
                    selection = fragments[node.name.value].selection_set
                    self._note_deferred(node.directives, selection)
                    if node.name.value not in seen:
                        waiting.append(selection)
                    seen.add(node.name.value)

    def select_field(self, name: str) -> Selection:
        """The selections of a field, by its name in the answer."""
        return self._get_or_create("field", name, self._fields.get(name, ()))

    def select_fragments(self, label: str | None) -> Selection:
        """The selections of the fragments that are deferred here under a label."""
        return self._get_or_create("fragment", label, self._deferred.get(label, ()))

    def pick(self, value: Any) -> Any:
        """What is selected of a value, as far as it is there: what is not has another type, or comes later."""
        if isinstance(value, list):
            return [self.pick(each) for each in value]
        if not self._fields or not isinstance(value, dict):
            return value
        return {name: self.select_field(name).pick(value[name]) for name in self._fields if name in value}

    def _get_or_create(self, kind: str, name: str | None, selections: Sequence[SelectionSetNode]) -> Selection:
        key = kind, name
        if key not in self._inner:
            self._inner[key] = Selection(selections, self._fragments)
        return self._inner[key]

    def _note_deferred(self, directives: Sequence[DirectiveNode] | None, selection: SelectionSetNode) -> None:
        for each in directives or ():
            if each.name.value == "defer":
                self._deferred.setdefault(_label_of(each), []).append(selection)


def _label_of(directive: DirectiveNode) -> str | None:
    for argument in directive.arguments or ():
        if argument.name.value == "label" and isinstance(argument.value, StringValueNode):
            return argument.value.value
    return None
