"""Types of variables: from authors first, then from the SDL file or introspection. Used by the connector."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any

import msgspec
from graphql import GraphQLError, GraphQLSchema, build_client_schema, build_schema, get_introspection_query

from connectors.aio.clock import Clock
from connectors.aio.lru import LRU
from connectors.aio.single_flight import SingleFlight
from connectors.contract import Operation
from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamError,
    UpstreamForbidden,
    UpstreamUnauthenticated,
)
from connectors.graphql.operations import GraphqlOperation
from connectors.graphql.options import Options
from connectors.graphql.schema_description import SchemaDescription
from connectors.graphql.schema_facts import Facts, facts_from_author, facts_from_schema

SendQuery = Callable[[Operation, str, Mapping[str, str]], Awaitable[Mapping[str, bytes]]]
"""Sends a query without variables, with these headers; returns the data's fields as JSON. Raises UpstreamError."""

_RETRY_INTERVAL = 30.0
"""Seconds before the schema is fetched again: after a refusal, or when an operation's field is missing in it."""
_MAX_FACTS = 1000
_BROKEN = (GraphQLError, msgspec.DecodeError, TypeError, ValueError, KeyError, RecursionError)
"""What building a schema from an upstream's data can raise."""


class SchemaSource:
    """The upstream's schema, fetched once, and the facts of operations, cached."""

    def __init__(self, upstream: str, options: Options, send_query: SendQuery, clock: Clock) -> None:
        self._upstream = upstream
        self._options = options
        self._send_query = send_query
        self._clock = clock
        self._schema: GraphQLSchema | None = None
        self._problem = ""
        self._fetched = -inf
        self._fetching = SingleFlight[bool]()
        self._facts: LRU[int, tuple[GraphqlOperation, Facts]] = LRU(_MAX_FACTS)

    @property
    def description(self) -> SchemaDescription | None:
        """For `bff check`; None without a schema."""
        return None if self._schema is None else SchemaDescription(self._schema)

    async def start(self) -> None:
        """Read the file or introspect, where bff.yaml allows it.

        An upstream that refuses introspection is no failure: types from authors may suffice. Raises DefinitionError
        for a file that is not usable, and UpstreamError when the upstream is not available.
        """
        await self._fetch(None)

    async def get_facts(self, operation: GraphqlOperation, headers: Mapping[str, str]) -> Facts:
        """The facts of an operation. Fetches the schema, with these headers, when it is needed and not there yet.

        Raises DefinitionError when a type is not known or the schema does not have the field.
        """
        return self._get_cached(operation) or await self._fetch_and_find(operation, headers)

    def _get_cached(self, operation: GraphqlOperation) -> Facts | None:
        try:
            _, facts = self._facts.get_or_create(id(operation), lambda: (operation, self._find_facts(operation)))
        except DefinitionError:
            return None
        return facts

    async def _fetch_and_find(self, operation: GraphqlOperation, headers: Mapping[str, str]) -> Facts:
        """As `get_facts`, after fetching the schema, unless that was tried a moment ago."""
        if self._clock.now() - self._fetched > _RETRY_INTERVAL:
            await self._fetch(headers)
        return self._find_facts(operation)

    def _find_facts(self, operation: GraphqlOperation) -> Facts:
        facts = facts_from_author(operation, self._schema)
        untyped = facts.list_untyped(operation)
        if self._schema is not None and not operation.entity:
            try:
                facts = facts_from_schema(operation, self._schema)
                untyped = facts.list_untyped(operation)
            except DefinitionError:
                if untyped:
                    raise  # the author's types suffice where the schema lacks the field
        if untyped:
            reason = self._problem or "the upstream's schema does not have it"
            raise DefinitionError(
                f"{self._upstream}: {operation.name}: the type of ${untyped[0]} is not known: {reason}; "
                f'write types={{"{untyped[0]}": "ID!"}} where the endpoint is defined, '
                "or give the upstream's SDL file as schema: in bff.yaml"
            )
        return facts

    async def _fetch(self, headers: Mapping[str, str] | None) -> None:
        """Fetch the schema, with the headers of a call if there is one, unless another call is just doing so."""
        if await self._fetching.follow("schema", lambda: None):
            return
        self._fetching.lead("schema")
        is_settled = False
        try:
            is_settled = await self._read_or_introspect(headers)
            if is_settled:
                self._fetched = self._clock.now()
                self._facts.clear()
        finally:
            self._fetching.finish("schema", True if is_settled else None)

    async def _read_or_introspect(self, headers: Mapping[str, str] | None) -> bool:
        """Whether the outcome holds for all callers; see `_introspect`."""
        if self._options.schema_file is not None:
            self._schema = await asyncio.to_thread(self._read_file, self._options.schema_file)
        elif not self._options.introspection:
            self._problem = "bff.yaml says introspection: false"
        else:
            return await self._introspect(headers)
        return True

    async def _introspect(self, headers: Mapping[str, str] | None) -> bool:
        """Whether the outcome holds for all callers. A refusal of one caller does not: the next call tries again."""
        operation = Operation(upstream=self._upstream, name="introspection")
        try:
            data = await self._send_query(operation, get_introspection_query(descriptions=False), headers or {})
            self._schema = await asyncio.to_thread(self._build, operation, data)
        except UpstreamError as error:
            is_about_caller = isinstance(error, UpstreamUnauthenticated | UpstreamForbidden)
            if error.retryable or (is_about_caller and headers is not None):
                raise
            self._problem = f"introspection failed: {error.detail}"
            return not is_about_caller
        self._problem = ""
        return True

    def _build(self, operation: Operation, data: Mapping[str, bytes]) -> GraphQLSchema:
        try:
            introspection: Any = {name: msgspec.json.decode(value) for name, value in data.items()}
            return build_client_schema(introspection, assume_valid=True)
        except _BROKEN as error:
            raise UpstreamBadReply(operation, f"the introspection result is not a schema: {error}") from error

    def _read_file(self, file: Path) -> GraphQLSchema:
        try:
            return build_schema(file.read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True)
        except OSError as error:
            raise DefinitionError(f"{self._upstream}: cannot read schema: {file}: {error.strerror}") from error
        except _BROKEN as error:
            raise DefinitionError(
                f"{self._upstream}: schema: {file} is not SDL: {str(error).partition(chr(10))[0]}"
            ) from error
