"""Refuse documents that are too large in some way, before they are validated. A rule of `engine.prepare.plan.Plans`."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import DocumentNode, OperationDefinitionNode

from bff.contract import Problem
from bff.validation.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Most of everything in one operation, its fragments written out; None is unlimited."""

    depth: int | None = None
    fields: int | None = None
    aliases: int | None = None
    root_fields: int | None = None
    directives: int | None = None
    introspection: bool = True
    """Whether the schema may be asked for."""

    def __call__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        """Raise Refused for the first limit that is passed. Each document is looked at once, not once per request."""
        sizes = Sizes(document)
        largest = sizes.largest()
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                largest = max(largest, sizes.of(node.selection_set).selections)
        size = sizes.of(operation.selection_set)
        if size.introspects and not self.introspection:
            raise Problem.INTROSPECTION_DISABLED.refused(
                "This frontend does not show its schema; ask its team for the SDL."
            )
        _check(Problem.TOO_DEEP, "is nested {0} fields deep", size.depth, self.depth)
        _check(Problem.TOO_MANY_ROOT_FIELDS, "has {0} root fields", size.root_fields, self.root_fields)
        _check(Problem.TOO_MANY_ALIASES, "has {0} aliases", size.aliases, self.aliases)
        directives = size.directives + len(operation.directives or ())
        _check(Problem.TOO_MANY_DIRECTIVES, "has {0} directives", directives, self.directives)
        _check(Problem.TOO_MANY_FIELDS, "has {0} fields when its fragments are written out", largest, self.fields)


def _check(problem: Problem, what: str, value: int, most: int | None) -> None:
    if most is not None and value > most:
        told = str(value) if value < 1_000_000 else "more than a million"  # doubling fragments make endless numbers
        raise problem.refused(f"The operation {what.format(told)}; this frontend takes at most {most}.")
