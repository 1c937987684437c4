"""The engine by itself: graphql-core's functions, over any graphql-core schema, run in sets. For other projects.

They take and give exactly what those of graphql-core do, and are chosen by importing them from here. What strawberry
or Ariadne build are graphql-core schemas too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import graphql
from graphql.execution import Executor
from graphql.execution import execute as graphql_execute

from bff.engine.adapters.executor import EventExecutor, SetExecutor

P = ParamSpec("P")
R = TypeVar("R")
_CHOICE = "executor_class"


def _choose_executor(engine: type[Executor[Any]], function: Callable[P, R]) -> Callable[P, R]:
    """The function with another executor where its caller chooses none."""
    place = list(signature(function).parameters).index(_CHOICE)

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        if len(arguments) > place:
            chosen = arguments[place] or engine
            arguments = (*arguments[:place], chosen, *arguments[place + 1 :])  # type: ignore[assignment]  # same types
        else:
            options[_CHOICE] = options.get(_CHOICE) or engine
        return function(*arguments, **options)

    return run


execute = _choose_executor(SetExecutor, graphql_execute)
"""`graphql.execute`."""
execute_sync = _choose_executor(SetExecutor, graphql.execute_sync)
"""`graphql.execute_sync`."""
experimental_execute_incrementally = _choose_executor(SetExecutor, graphql.experimental_execute_incrementally)
"""`graphql.experimental_execute_incrementally`."""
subscribe = _choose_executor(EventExecutor, graphql.subscribe)
"""`graphql.subscribe`: the operation is compiled once, and every event runs on what was compiled."""
