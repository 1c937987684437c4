"""Executors by template: what each request of a known operation runs on. Used by bff.engine.adapters.compiled.

It copies the attributes of graphql-core's executor, which no contract lists (written for 3.3). When they change,
`tests/bff/engine/adapters/test_template.py` fails first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bff.authoring import Context
from bff.engine.adapters.executor import StrawberryExecutor
from bff.engine.graphql_core import CollectedErrors, RefMap, VariableValues


class ExecutorTemplate:
    """Makes executors of one operation from a first one, at a fifth of the cost. Only what a request brings differs."""

    _SHARED = frozenset({"fragment_definitions", "fragments"})

    def __init__(self, model: StrawberryExecutor) -> None:
        own = {
            name: type(value)
            for name, value in vars(model).items()
            if isinstance(value, list | set | dict | RefMap | CollectedErrors) and name not in self._SHARED
        }
        self._attributes = {name: value for name, value in vars(model).items() if name not in own}
        self._class: type[StrawberryExecutor] = type("StrawberryExecutor", (_LazyExecutor,), {"containers": own})

    def create(self, context: Context, values: VariableValues) -> StrawberryExecutor:
        """One for this request."""
        made = object.__new__(self._class)
        state = vars(made)
        state.update(self._attributes)
        state["context_value"], state["variable_values"] = context, values
        return made


class _LazyExecutor(StrawberryExecutor):
    """Makes its empty containers at first access: most operations use none of them."""

    containers: Mapping[str, Callable[[], Any]]

    def __getattr__(self, name: str) -> Any:
        if name not in self.containers:
            raise AttributeError(name=name, obj=self)
        made = vars(self)[name] = self.containers[name]()
        return made
