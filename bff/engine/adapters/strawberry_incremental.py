"""Make strawberry schemas understand @defer and @stream. Called once for each schema by `adapters.reference`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakSet

import strawberry
from graphql import GraphQLDeferDirective, GraphQLStreamDirective, OperationType

from bff.authoring import Context
from bff.authoring.strawberry_insides import core_schema
from bff.engine.graphql_core import GraphQLResolveInfoHelpers, IncrementalExecutor, forget_work


def enable_incremental(schema: strawberry.Schema) -> None:
    """Declare the directives, and start what is deferred at once. Idempotent."""
    core = core_schema(schema)
    missing = [each for each in (GraphQLDeferDirective, GraphQLStreamDirective) if not core.get_directive(each.name)]
    core.directives = (*core.directives, *missing)
    schema.config = replace(schema.config, enable_experimental_incremental_execution=True)
    own = schema.execution_context_class
    if issubclass(own, IncrementalExecutor) and not issubclass(own, _Early):
        schema.execution_context_class = type(own.__name__, (_Early, own), {})


class HelpersByAccess:
    """An executor without a cycle to itself. Mixed in before graphql-core's."""

    @property  # an attribute there, and with it a cycle of every executor with itself
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """What resolvers may use to have awaitables looked after."""
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)  # type: ignore[attr-defined]  # the executor's

    @async_helpers.setter
    def async_helpers(self, helpers: GraphQLResolveInfoHelpers) -> None:
        """Ignored: each access creates them."""


class ReleasesParts:
    """An incremental executor that is free when its work is cancelled. Mixed in before graphql-core's.

    Each part has its executor. If the executor still had its parts, the garbage collector would have to find them: it
    came after 2 GB (measured).
    """

    async def cancel_incremental_work(self, reason: BaseException | None = None) -> None:
        """End what is under way, and forget all parts."""
        await super().cancel_incremental_work(reason)  # type: ignore[misc]  # the executor's
        forget_work(self.tasks, self.streams)
        self.tasks: list[Any] = []
        self.streams: list[Any] = []


class _Early(HelpersByAccess, ReleasesParts):
    """Starts deferred fields together with all others, so that loaders batch them and list items do not queue up.

    Mutations wait: what they defer may read what they changed. Mixed into the executor of the schema.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._subordinates: WeakSet[Any] = WeakSet()
        """Copies of the executor, each for one later part."""
        self.enable_early_execution = self.operation.operation is OperationType.QUERY  # type: ignore[attr-defined]  # the executor's
        if isinstance(self.context_value, Context):  # type: ignore[attr-defined]  # the executor's
            self.context_value.unfinished.append(self.cancel_incremental_work)  # type: ignore[attr-defined]  # the executor's

    def create_sub_executor(self, *arguments: Any) -> Any:
        """A copy for a later part, which is released with the others."""
        made = super().create_sub_executor(*arguments)  # type: ignore[misc]  # the executor's
        self._subordinates.add(made)
        return made

    async def cancel_incremental_work(self, reason: BaseException | None = None) -> None:
        """End what is under way, and forget all parts and the copies made for them."""
        await super().cancel_incremental_work(reason)
        for each in list(self._subordinates):
            forget_work(each.tasks, each.streams)
            each.tasks, each.streams = [], []
