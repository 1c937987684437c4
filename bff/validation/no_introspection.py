"""Refuse operations that ask for the schema, where a frontend does not show it. A rule of `engine.prepare.plan`."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from bff.contract import Problem
from bff.validation.sizes import Sizes

_SERVICE = "_service"
"""The field of a federated schema that returns the whole SDL (Apollo Federation subgraph specification)."""


class NoIntrospection:
    """The rule for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        field = schema.query_type.fields.get(_SERVICE) if schema.query_type else None
        self._is_federated = field is not None and get_named_type(field.type).name == "_Service"

    def __call__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        """Raise Refused where the operation, or a fragment that it spreads, asks for more than the name of a type."""
        asks = Sizes(document).measure(operation.selection_set).introspects
        if asks or (self._is_federated and _asks_for_service(document, operation.selection_set)):
            raise Problem.INTROSPECTION_DISABLED.refusal(
                "This frontend does not show its schema; its team has the SDL."
            )


def _asks_for_service(document: DocumentNode, selections: SelectionSetNode) -> bool:
    """Whether the root fields include `_service`."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    pending = list(selections.selections)
    while pending:
        node = pending.pop()
        if isinstance(node, FieldNode):
            if node.name.value == _SERVICE:
                return True
        elif isinstance(node, InlineFragmentNode):
            pending += node.selection_set.selections
        elif isinstance(node, FragmentSpreadNode):
            fragment = fragments.pop(node.name.value, None)  # once: it may be spread many times
            pending += fragment.selection_set.selections if fragment is not None else ()
    return False
