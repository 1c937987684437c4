"""A compiled operation: its shapes, kept between requests. Used by the executors of bff.engine.adapters."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import FragmentDefinitionNode, GraphQLError, OperationDefinitionNode

from bff.engine.compile.selection_sets import Source, compile_root, find_condition_variables
from bff.engine.compile.shapes import Shape
from bff.engine.graphql_core import Executor

MAX_OPERATIONS = 256
"""Compiled operations kept for callers that keep none themselves, such as graphql-core's `execute`."""
MAX_SHAPES = 16
"""Compiled shapes kept of one operation, one for each combination of its @skip and @include variables."""
_INCREMENTAL = {"defer", "stream"}


@dataclass(frozen=True, slots=True, eq=False)
class IdentityKey:
    """A key that is equal to itself only, and keeps what it is the key of alive."""

    value: Any

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and other.value is self.value


class CompiledOperation:
    """What is kept of an operation between requests: why it cannot run in sets, or its shapes."""

    def __init__(self, operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.kind = operation.operation.value
        self.reason = _find_fallback_reason(operation, fragments)
        self._is_cacheable = not any(each.variable_definitions for each in fragments.values())
        self._conditions = find_condition_variables(operation, fragments)
        self._shapes: dict[Hashable, Shape] = {}

    def get_shape(self, executor: Executor[Any]) -> Shape:
        """The root shape for a request's variables. Raises GraphQLError, also where the schema has no such root."""
        if not self._is_cacheable:  # the values of fragment variables are part of it
            return _compile_root(executor)
        if self._conditions:
            coerced = executor.variable_values.coerced
            key: Hashable = (executor.hide_suggestions, *(coerced.get(name) for name in self._conditions))
        else:
            key = executor.hide_suggestions
        shape = self._shapes.get(key)
        if shape is None:
            shape = _compile_root(executor)
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            self._shapes[key] = shape
        return shape


@lru_cache(maxsize=MAX_OPERATIONS)
def compile_operation(
    schema: IdentityKey, operation: IdentityKey, fragments: tuple[IdentityKey, ...]
) -> CompiledOperation:
    """What was compiled for these very nodes: a document that is parsed once is compiled once."""
    return CompiledOperation(operation.value, {each.value.name.value: each.value for each in fragments})


def _find_fallback_reason(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> str | None:
    """Why graphql-core has to run it; None when we can."""
    waiting: list[Any] = [operation, *fragments.values()]
    while waiting:
        node = waiting.pop()
        if any(directive.name.value in _INCREMENTAL for directive in node.directives or ()):
            return "incremental delivery"
        inner = getattr(node, "selection_set", None)
        if inner is not None:
            waiting += inner.selections
    return None


def _compile_root(executor: Executor[Any]) -> Shape:
    kind = executor.operation.operation
    root_type = executor.schema.get_root_type(kind)
    if root_type is None:
        raise GraphQLError(f"Schema is not configured to execute {kind.value} operation.", executor.operation)
    source = Source(
        executor.schema, executor.operation, executor.fragments, executor.variable_values, executor.hide_suggestions
    )
    return compile_root(source, root_type)
