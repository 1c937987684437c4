"""Refuse operations that would produce too many values. A static estimate: fields times the list sizes asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from bff.contract import Refused
from bff.policies.inbound.depth import INTROSPECTION

SIZES = ("first", "last", "limit", "pageSize")
"""Arguments that say how long a list will be."""


class CostLimit:
    """Estimates what an operation costs: a field with fields of its own costs 1, times the sizes of the lists it is in.

    Asked for every request, because a size may be a variable.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> None:
        """Raise Refused when the operation costs more."""
        variables = {**_defaults(operation), **variables}
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        _Walk(self._most, fragments, variables).cost(operation.selection_set, 1, frozenset(), 0)


class _Walk:
    def __init__(
        self, most: int, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._most = most
        self._fragments = fragments
        self._variables = variables

    def cost(self, selections: SelectionSetNode, times: int, inside: frozenset[str], spent: int) -> int:
        """What is spent after this selection set; raises as soon as it is too much, so no bomb is walked to its end."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                if node.selection_set and node.name.value not in INTROSPECTION:
                    spent = self._added(spent, times)
                    spent = self.cost(node.selection_set, times * self._size(node), inside, spent)
            elif isinstance(node, InlineFragmentNode):
                spent = self.cost(node.selection_set, times, inside, spent)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                fragment = self._fragments.get(name)
                if fragment is not None and name not in inside:  # cycles are validation's to report
                    spent = self.cost(fragment.selection_set, times, inside | {name}, self._added(spent, 1))
        return spent

    def _added(self, spent: int, times: int) -> int:
        spent += times
        if spent > self._most:
            raise Refused("TOO_COSTLY", f"The operation costs more than the {self._most} it may; ask for less at once.")
        return spent

    def _size(self, node: FieldNode) -> int:
        """The largest, where there are several: nobody here knows which of them the schema heeds."""
        size = 1
        for argument in node.arguments or ():
            if argument.name.value in SIZES:
                value: Any = getattr(argument.value, "value", None)
                if isinstance(argument.value, VariableNode):
                    value = self._variables.get(argument.value.name.value)
                size = max(size, _positive(value))
        return size


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """Default values of the operation's integer variables."""
    return {
        each.variable.name.value: each.default_value.value
        for each in operation.variable_definitions or ()
        if isinstance(each.default_value, IntValueNode)
    }


def _positive(value: Any) -> int:
    try:
        return max(1, int(value))
    except (TypeError, ValueError, OverflowError):
        return 1  # null or nonsense: the schema decides, and a real list is counted by `limits.calls`
