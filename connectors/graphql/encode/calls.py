"""Nested fields with arguments: their text, and the variables that hold their values.

Values are sent as variables, so that the document is the same for all values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    ListValueNode,
    ObjectFieldNode,
    VariableNode,
    Visitor,
    VisitorAction,
    parse,
    print_ast,
    visit,
)

from connectors.contract import FieldCall, FieldValue
from connectors.errors import DefinitionError
from connectors.graphql.encode.fit import APART
from connectors.graphql.operations import GraphqlOperation

_CONSTANTS = {bool: "Boolean!", int: "Int!", float: "Float!", str: "String!"}


class NestedCalls:
    """The fields with arguments of one piece, as they are rendered."""

    def __init__(self, prefix: str) -> None:
        """`prefix` is that of the piece's variables."""
        self._prefix = prefix
        self._calls = 0
        self.has_other_names = False
        """Whether names in the data must be restored (see fit.restore_names)."""
        self.values: dict[str, FieldValue] = {}
        """Values by the names of their variables."""

    def render(self, key: str, call: FieldCall) -> str:
        """The field as text, under its key."""
        self.has_other_names = self.has_other_names or key.startswith(APART)
        number, self._calls = self._calls, self._calls + 1
        values = dict(call.values)
        names = {name: f"{self._prefix}arg{number}_{name}" for name in values}
        self.values |= {names[name]: value for name, value in values.items()}
        text = "".join(f"${names.get(part, part)}" if index % 2 else part for index, part in enumerate(call.arguments))
        if absent := set(call.arguments[1::2]) - values.keys():
            text = _leave_out(text, absent)
        return f"{key}: {call.name}({text})" if text else f"{key}: {call.name}"


def find_nested_types(
    operation: GraphqlOperation, values: Mapping[str, FieldValue], known: Mapping[str, str]
) -> dict[str, str]:
    """The types of variables: those `known` from the upstream's schema, else the frontend's. Raises DefinitionError."""
    return {
        name: known.get(name) or value.type or _guess_type(operation, name, value.value)
        for name, value in values.items()
    }


def _guess_type(operation: GraphqlOperation, name: str, value: Any) -> str:
    try:
        return _CONSTANTS[type(value)]
    except KeyError:
        variable = name.partition("_")[2]
        raise DefinitionError(
            f"{operation.upstream}: {operation.name}: the type of ${variable} in take(...) is not known; write the "
            "constant in the text of take, or give the upstream's SDL file as schema: in bff.yaml"
        ) from None


def _leave_out(text: str, absent: set[str]) -> str:
    """Arguments without those whose value is a variable that is absent, at any depth."""
    document: Any = visit(parse(f"{{f({text})}}", no_location=True), _Leaver(absent))
    field = document.definitions[0].selection_set.selections[0]
    return ", ".join(map(print_ast, field.arguments or ()))


class _Leaver(Visitor):
    def __init__(self, absent: set[str]) -> None:
        super().__init__()
        self._absent = absent

    def _is_absent(self, node: Any) -> bool:
        return isinstance(node, VariableNode) and node.name.value in self._absent

    def enter_argument(self, node: ArgumentNode, *_: object) -> VisitorAction:
        """An argument."""
        return REMOVE if self._is_absent(node.value) else None

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> VisitorAction:
        """A field of an input object."""
        return REMOVE if self._is_absent(node.value) else None

    def enter_list_value(self, node: ListValueNode, *_: object) -> Any:
        """A list."""
        kept = tuple(each for each in node.values if not self._is_absent(each))
        return None if len(kept) == len(node.values) else ListValueNode(values=kept)
