"""Refuse operations that ask for the schema, where a frontend does not show it. A rule of `engine.prepare.plan`."""

from __future__ import annotations

from graphql import DocumentNode, OperationDefinitionNode

from bff.contract import Problem
from bff.validation.sizes import Sizes


def refuse_introspection(document: DocumentNode, operation: OperationDefinitionNode) -> None:
    """Raise Refused where the operation, or a fragment that it spreads, asks for more than the name of a type."""
    if Sizes(document).measure(operation.selection_set).introspects:
        raise Problem.INTROSPECTION_DISABLED.refusal(
            "This frontend does not show its schema; ask its team for the SDL."
        )
