"""Refuse documents that are too large in some way, before they are validated. A rule of `engine.prepare.plan.Plans`."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import DocumentNode, OperationDefinitionNode

from bff.contract import Problem
from bff.validation.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Bounds of one operation, its fragments written out; None is unlimited."""

    max_depth: int | None = None
    max_fields: int | None = None
    max_aliases: int | None = None
    max_root_fields: int | None = None
    max_directives: int | None = None

    def __call__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        """Raise Refused for the first limit that is passed. Each document is looked at once, not once per request."""
        sizes = Sizes(document)
        largest = sizes.find_max_selections()
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                largest = max(largest, sizes.measure(node.selection_set).selections)
        size = sizes.measure(operation.selection_set)
        _check_limit(Problem.TOO_DEEP, "is nested {0} fields deep", size.depth, self.max_depth)
        _check_limit(Problem.TOO_MANY_ROOT_FIELDS, "has {0} root fields", size.root_fields, self.max_root_fields)
        _check_limit(Problem.TOO_MANY_ALIASES, "has {0} aliases", size.aliases, self.max_aliases)
        directives = size.directives + len(operation.directives or ())
        _check_limit(Problem.TOO_MANY_DIRECTIVES, "has {0} directives", directives, self.max_directives)
        _check_limit(
            Problem.TOO_MANY_FIELDS, "has {0} fields when its fragments are written out", largest, self.max_fields
        )


def _check_limit(problem: Problem, what: str, value: int, limit: int | None) -> None:
    if limit is not None and value > limit:
        shown = str(value) if value < 1_000_000 else "more than a million"  # doubling fragments make endless numbers
        raise problem.refusal(f"The operation {what.format(shown)}; this frontend takes at most {limit}.")
