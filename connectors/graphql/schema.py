"""Where types of variables come from: authors first, then the SDL file, then introspection. Used by the connector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from graphql import GraphQLError, GraphQLSchema, build_client_schema, build_schema, get_introspection_query

from connectors.aio.lru import LRU
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
from connectors.graphql.schema_facts import Facts, facts_from_author, facts_from_schema

Ask = Callable[[Operation, str, Mapping[str, str]], Awaitable[Mapping[str, bytes]]]
"""Sends a query without variables, with these headers, and gives the data's fields as JSON. Raises UpstreamError."""

_AGAIN = 30.0
"""Seconds before the upstream is asked again: after it refused, or when a field is looked for that it did not have."""
_MOST_FACTS = 1000
_BROKEN = (GraphQLError, msgspec.DecodeError, TypeError, ValueError, KeyError, RecursionError)
"""What building a schema from somebody else's words can raise."""


class SchemaSource:
    """The upstream's schema, fetched once; what its operations are like is remembered."""

    def __init__(self, upstream: str, options: Options, ask: Ask) -> None:
        self._upstream = upstream
        self._options = options
        self._ask = ask
        self._schema: GraphQLSchema | None = None
        self._problem = ""
        self._fetched = -_AGAIN
        self._turn = asyncio.Lock()
        self._facts: LRU[int, tuple[GraphqlOperation, Facts]] = LRU(_MOST_FACTS)

    async def start(self) -> None:
        """Read the file or introspect, where bff.yaml allows it.

        A refusal to be introspected is no failure: types given by authors may do. Raises DefinitionError for a file
        that cannot be used, and UpstreamError when the upstream cannot be asked now.
        """
        await self._fetch(None, since=time.monotonic())

    async def facts(self, operation: GraphqlOperation, headers: Mapping[str, str]) -> Facts:
        """What is known of an operation. Fetches the schema when it is needed for the first time, with these headers.

        Raises DefinitionError when a type cannot be known or the schema has no such field.
        """
        return self._known(operation) or await self._looked_up(operation, headers)

    def _known(self, operation: GraphqlOperation) -> Facts | None:
        try:
            _, facts = self._facts.get_or_create(id(operation), lambda: (operation, self._found(operation)))
        except DefinitionError:
            return None
        return facts

    async def _looked_up(self, operation: GraphqlOperation, headers: Mapping[str, str]) -> Facts:
        """As `facts`, after asking for the schema, unless that was tried a moment ago."""
        asked_at = time.monotonic()
        if asked_at - self._fetched > _AGAIN:
            await self._fetch(headers, since=asked_at)
        return self._found(operation)

    def _found(self, operation: GraphqlOperation) -> Facts:
        facts = facts_from_author(operation)
        untyped = facts.untyped(operation)
        if self._schema is not None and not operation.entity:
            try:
                facts = facts_from_schema(operation, self._schema)
                untyped = facts.untyped(operation)
            except DefinitionError:
                if untyped:
                    raise  # else the author knows more than what the upstream tells of itself
        if untyped:
            reason = self._problem or "the upstream's schema does not tell it"
            raise DefinitionError(
                f"{self._upstream}: {operation.name}: the type of ${untyped[0]} is not known: {reason}; "
                f'write types={{"{untyped[0]}": "ID!"}} where the endpoint is defined, '
                "or give the upstream's SDL file as schema: in bff.yaml"
            )
        return facts

    async def _fetch(self, headers: Mapping[str, str] | None, *, since: float) -> None:
        """Fetch the schema, with the headers of a call if there is one, unless somebody else did so since then."""
        async with self._turn:
            if self._fetched >= since:
                return
            if self._options.schema_file is not None:
                self._schema = await asyncio.to_thread(self._read, self._options.schema_file)
            elif not self._options.introspection:
                self._problem = "bff.yaml says introspection: false"
            elif not await self._introspect(headers):
                return
            self._fetched = time.monotonic()
            self._facts.clear()

    async def _introspect(self, headers: Mapping[str, str] | None) -> bool:
        """Whether that is settled for now: who may not ask does not speak for who may, so the next call asks again."""
        operation = Operation(upstream=self._upstream, name="introspection")
        try:
            data = await self._ask(operation, get_introspection_query(descriptions=False), headers or {})
            self._schema = await asyncio.to_thread(self._built, operation, data)
        except UpstreamError as error:
            is_about_caller = isinstance(error, UpstreamUnauthenticated | UpstreamForbidden)
            if error.retryable or (is_about_caller and headers is not None):
                raise
            self._problem = f"introspection failed: {error.detail}"
            return not is_about_caller
        self._problem = ""
        return True

    def _built(self, operation: Operation, data: Mapping[str, bytes]) -> GraphQLSchema:
        try:
            introspection: Any = {name: msgspec.json.decode(value) for name, value in data.items()}
            return build_client_schema(introspection, assume_valid=True)
        except _BROKEN as error:
            raise UpstreamBadReply(operation, f"the introspection result makes no schema: {error}") from error

    def _read(self, file: Path) -> GraphQLSchema:
        try:
            return build_schema(file.read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True)
        except OSError as error:
            raise DefinitionError(f"{self._upstream}: cannot read schema: {file}: {error.strerror}") from error
        except _BROKEN as error:
            raise DefinitionError(
                f"{self._upstream}: schema: {file} is not SDL: {str(error).partition(chr(10))[0]}"
            ) from error
