"""Direct: endpoints without the gateway. Every ask is its own call; for shells, scripts and connector tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from contextvars import Token
from dataclasses import replace
from typing import Any

from connectors.batching import deal, single_reply
from connectors.contract import Call, Connector, Event, Publishes, Reply, Selection, Streams, at_path
from connectors.endpoint import Endpoint, PublishEndpoint, Scope, StreamEndpoint, current_scope
from connectors.errors import DefinitionError, UpstreamError


def make_call(endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None) -> Call:
    """One ask as one call: in the single form where there is one, else as a batch of one key."""
    batch = endpoint.batch
    if batch is None or endpoint.has_single_form:
        return Call(operation=endpoint.operation, arguments=arguments, selection=selection)
    key, others = batch.split(arguments)
    return Call(operation=endpoint.operation, arguments=others, keys=(key,), selection=selection)


def point_event(event: Event, at: tuple[str, ...]) -> Event:
    """The event, holding only the part at this path."""
    return replace(event, data=at_path(event.data, at)) if at else event


class Direct:
    """Sends every ask straight on: `async with Direct({"catalog": connector}): await catalog.product(id=1)`.

    Starts the connectors on entry and closes them on exit.
    """

    def __init__(self, connectors: Mapping[str, Connector]) -> None:
        self._connectors = connectors
        self._token: Token[Scope | None] | None = None

    async def __aenter__(self) -> Direct:
        for connector in self._connectors.values():
            await connector.start()
        self._token = current_scope.set(self)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._token is not None
        current_scope.reset(self._token)
        for connector in self._connectors.values():
            await connector.close()

    async def load(self, endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None) -> Reply:
        """Send one ask as one call."""
        batch = endpoint.batch
        if batch is not None and arguments.get(batch.parameter) is None:
            return Reply([] if batch.group else None)
        call = make_call(endpoint, arguments, selection)
        reply = await self._find_connector(endpoint.operation.upstream).send(call)
        if not call.keys:
            return single_reply(endpoint, reply)
        (answer,) = deal(endpoint, reply, call.keys)
        if isinstance(answer, UpstreamError):
            raise answer
        return answer

    async def stream(
        self, endpoint: StreamEndpoint, arguments: Mapping[str, Any], selection: Selection | None
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of one subscription."""
        connector = self._find_connector(endpoint.operation.upstream)
        assert isinstance(connector, Streams)
        call = Call(operation=endpoint.operation, arguments=arguments, selection=selection)
        async with aclosing(connector.stream(call)) as events:
            async for event in events:
                yield point_event(event, endpoint.at)

    async def publish(self, endpoint: PublishEndpoint, arguments: Mapping[str, Any]) -> None:
        """Hand over one message."""
        connector = self._find_connector(endpoint.operation.upstream)
        assert isinstance(connector, Publishes)
        await connector.publish(Call(operation=endpoint.operation, arguments=arguments))

    def _find_connector(self, upstream: str) -> Connector:
        try:
            return self._connectors[upstream]
        except KeyError:
            raise DefinitionError(
                f'no upstream "{upstream}" is connected; connected are {", ".join(sorted(self._connectors))}'
            ) from None
