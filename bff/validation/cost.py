"""Refuse operations that would cost too much: a static estimate, after the IBM GraphQL cost specification.

A rule of `engine.prepare.plan.Plans`: compiled once per plan, worked out per request only where a length is a variable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, value_from_ast_untyped

from bff.contract import Problem
from bff.validation.cost_terms import Terms, compiled
from bff.validation.list_sizes import Length

ENOUGH = 1e12
"""Costs beyond it are not told apart, so that no number grows with the document."""


class CostLimit:
    """At most `most`; see `authoring.weights` for what counts how much."""

    def __init__(self, schema: GraphQLSchema, most: int) -> None:
        self._schema = schema
        self._most = most

    def __call__(
        self, document: DocumentNode, operation: OperationDefinitionNode
    ) -> Callable[[Mapping[str, Any]], None]:
        """What checks the variables of each request; raises Refused when the operation costs more."""
        terms = compiled(self._schema, document, operation)
        defaults = {
            node.variable.name.value: value_from_ast_untyped(node.default_value)
            for node in operation.variable_definitions or ()
            if node.default_value is not None
        }
        if not operation.variable_definitions:
            self._compare(_Sum({}).of(terms))
            return _allow
        return lambda variables: self._compare(_Sum({**defaults, **variables}).of(terms))

    def _compare(self, cost: float) -> None:
        if cost > self._most:
            told = f"{math.ceil(cost)}" if cost < ENOUGH else "more than can be counted"
            raise Problem.TOO_COSTLY.refused(
                f"The operation costs {told}; this frontend takes at most {self._most}. Ask for less."
            )


def _allow(variables: Mapping[str, Any]) -> None:
    """What was cheap enough once is so for every request when it has no variables."""


class _Sum:
    """Adds up terms for the variables of one request. What several places share is added up once."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._known: dict[int, float] = {}
        self._lengths: dict[int, int] = {}

    def of(self, terms: Terms) -> float:
        known = self._known.get(id(terms))
        if known is not None:
            return known
        total = sum(self.of(shared) for shared in terms.shared)
        for field in terms.fields:
            each = field.each + (self.of(field.inner) if field.inner else 0)
            total += field.once + each * self._length(field.length)
            self._length(field.below)
        self._known[id(terms)] = total = min(total, ENOUGH)
        return total

    def _length(self, length: Length | None) -> int:
        if length is None:
            return 1
        if id(length) not in self._lengths:
            self._lengths[id(length)] = length.of(self._variables)
        return self._lengths[id(length)]
