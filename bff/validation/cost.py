"""Refuse operations that would cost too much: a static estimate, after the IBM GraphQL cost specification.

A rule of `engine.prepare.plan.Plans`: compiled once per plan, worked out per request only where a length is a variable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, value_from_ast_untyped

from bff.contract import Problem
from bff.validation.cost_terms import Terms, compile_terms
from bff.validation.list_sizes import Length

MAX_COUNTED = 1e12
"""Costs beyond it are not shown apart, so that no number grows with the document."""


class CostLimit:
    """At most `max_cost`; see `authoring.weights` for what counts how much."""

    def __init__(self, schema: GraphQLSchema, max_cost: int) -> None:
        self._schema = schema
        self._max_cost = max_cost

    def __call__(
        self, document: DocumentNode, operation: OperationDefinitionNode
    ) -> Callable[[Mapping[str, Any]], None] | None:
        """What checks the variables of each request; None where the cost does not depend on them.

        Raises Refused if it costs more.
        """
        terms = compile_terms(self._schema, document, operation)
        if not terms.has_variables:
            self._check_cost(_Adder({}).add_up(terms))
            return None
        defaults = {
            node.variable.name.value: value_from_ast_untyped(node.default_value)
            for node in operation.variable_definitions or ()
            if node.default_value is not None
        }
        return lambda variables: self._check_cost(_Adder({**defaults, **variables}).add_up(terms))

    def _check_cost(self, cost: float) -> None:
        if cost > self._max_cost:
            shown = f"{math.ceil(cost)}" if cost < MAX_COUNTED else "more than can be counted"
            raise Problem.TOO_COSTLY.refusal(
                f"The operation costs {shown}; this frontend takes at most {self._max_cost}. Select less."
            )


class _Adder:
    """Adds up terms for the variables of one request. What several places share is added up once."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._known: dict[int, float] = {}
        self._lengths: dict[int, int] = {}

    def add_up(self, terms: Terms) -> float:
        known = self._known.get(id(terms))
        if known is not None:
            return known
        total = sum(self.add_up(shared) for shared in terms.shared)
        for field in terms.fields:
            each = field.each + (self.add_up(field.inner) if field.inner else 0)
            total += field.once + each * self._get_length(field.length)
            self._get_length(field.below)
        self._known[id(terms)] = total = min(total, MAX_COUNTED)
        return total

    def _get_length(self, length: Length | None) -> int:
        if length is None:
            return 1
        if id(length) not in self._lengths:
            self._lengths[id(length)] = length.estimate(self._variables)
        return self._lengths[id(length)]
