"""Fetch a `via` field whose objects hold lists of keys: `tags: list[Tag] = via(tag, id="tag_ids")`. Used by `fetch`."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLType

from bff.authoring.computed import RECORDS
from bff.authoring.to_many import allows_null_items, is_key_list, join_outcomes, list_distinct
from bff.engine.compile.resolvers import EndpointFetch
from bff.engine.compile.shapes import ListOutput, ReadsReplies, Step
from bff.engine.execute.replies import ReplyReader
from bff.engine.graphql_core import Executor
from bff.loading.scope import RequestScope
from connectors.contract import Selection


class KeyLists:
    """One field of objects that hold lists of keys."""

    def __init__(
        self,
        scope: RequestScope,
        executor: Executor[Any],
        step: Step,
        fetch: EndpointFetch,
        selection: Selection | None,
    ) -> None:
        self._scope = scope
        self._step = step
        self._fetch = fetch
        self._selection = selection
        self._executor = executor

    async def fetch_column(self, columns: Sequence[Any], others: Mapping[str, Any], *, is_alone: bool) -> list[Any]:
        """The value, or the exception in its place, for each object: one call for the keys of all of them."""
        lists = [_to_list(keys) for keys in columns]
        distinct, outcomes = list_distinct([keys for keys in lists if is_key_list(keys)])
        if distinct:
            endpoint, selection = self._fetch.endpoint, self._selection
            answers = await self._scope.load_set(endpoint, others, distinct, selection, is_alone=is_alone)
            read, _ = await self._get_reader().read_batch(answers, may_complete=False)
            outcomes |= read
        return [self._join(keys, outcomes) if is_key_list(keys) else keys for keys in lists]

    async def fetch_one(self, arguments: Mapping[str, Any]) -> Any:
        """The value for one object whose call has other arguments than those of other objects."""
        batch = self._fetch.endpoint.batch
        assert batch is not None
        keys = _to_list(arguments.get(batch.parameter))
        if keys is None:
            return None
        distinct, outcomes = list_distinct([keys])
        read = await asyncio.gather(*(self._load_one(arguments, key) for key in distinct))
        return self._join(keys, {**outcomes, **dict(zip(distinct, read, strict=True))})

    async def _load_one(self, arguments: Mapping[str, Any], key: Hashable) -> Any:
        endpoint = self._fetch.endpoint
        assert endpoint.batch is not None
        try:
            reply = await self._scope.load(endpoint, {**arguments, endpoint.batch.parameter: key}, self._selection)
            return await self._get_reader().read_one(reply)
        except Exception as error:  # noqa: BLE001 - errors are values here
            return error

    def _join(self, keys: Sequence[Any], outcomes: Mapping[Hashable, Any]) -> Any:
        return join_outcomes(
            keys, outcomes, keeps_null=allows_null_items(self._step.field.type), is_grouped=self._is_grouped
        )

    @property
    def _is_grouped(self) -> bool:
        return self._fetch.endpoint.batch is not None and self._fetch.endpoint.batch.group

    def _get_reader(self) -> ReadsReplies:
        """What reads the answer to one key: an item of the list, or a list of them."""
        step = self._step
        if step.item_reader is None:
            assert isinstance(step.output, ListOutput)
            type_: GraphQLType = step.field.type
            output = step.output if self._is_grouped else step.output.items
            step.item_reader = make_reader(
                self._scope,
                self._executor,
                self._fetch,
                output,
                self._executor.schema.extensions[RECORDS].converter(type_ if self._is_grouped else _item_type(type_)),
            )
        return step.item_reader


def make_reader(
    scope: RequestScope, executor: Executor[Any], fetch: EndpointFetch, output: Any, convert: Any
) -> ReplyReader:
    """What reads the replies of a field's endpoint as values of an output."""
    upstream = scope.upstreams.get(fetch.endpoint.operation.upstream)
    has_empty_lists = upstream is not None and upstream.has_empty_lists
    return ReplyReader(executor.schema, output, convert, fetch.endpoint, has_empty_lists=has_empty_lists)


def _to_list(keys: Any) -> Any:
    """A list of keys; what an upstream sends instead of a list of one key is that key."""
    return keys if keys is None or is_key_list(keys) or isinstance(keys, Exception) else [keys]


def _item_type(type_: Any) -> GraphQLType:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    assert isinstance(inner, GraphQLList)
    item: GraphQLType = inner.of_type
    return item
