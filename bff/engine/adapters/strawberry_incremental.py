"""Make strawberry schemas understand @defer and @stream. Called once for each schema by `adapters.reference`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import strawberry
from graphql import GraphQLDeferDirective, GraphQLStreamDirective, OperationType

from bff.authoring import Context
from bff.authoring.strawberry_insides import core_schema
from bff.engine.graphql_core import IncrementalExecutor


def enable_incremental(schema: strawberry.Schema) -> None:
    """Declare the directives, and start what is deferred at once. Idempotent."""
    core = core_schema(schema)
    missing = [each for each in (GraphQLDeferDirective, GraphQLStreamDirective) if not core.get_directive(each.name)]
    core.directives = (*core.directives, *missing)
    schema.config = replace(schema.config, enable_experimental_incremental_execution=True)
    own = schema.execution_context_class
    if issubclass(own, IncrementalExecutor) and not issubclass(own, _Early):
        schema.execution_context_class = type(own.__name__, (_Early, own), {})


class _Early:
    """Starts deferred fields together with all others, so that loaders batch them and list items do not queue up.

    Mutations wait: what they defer may read what they changed. Mixed into the executor of the schema.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.enable_early_execution = self.operation.operation is OperationType.QUERY  # type: ignore[attr-defined]  # the executor's
        if isinstance(self.context_value, Context):  # type: ignore[attr-defined]  # the executor's
            self.context_value.unfinished.append(self.cancel_incremental_work)  # type: ignore[attr-defined]  # the executor's
