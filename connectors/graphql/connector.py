"""GraphQL upstreams: a request asks for what is selected, no more. Built by connectors.kinds, used through policies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from connectors.contract import Call, Event, Operation, Reply
from connectors.errors import (
    UpstreamError,
    UpstreamForbidden,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnauthenticated,
)
from connectors.graphql.connector_merge import Asked, Merger, Outcome
from connectors.graphql.decode import Response, make_reply, read_body, read_http
from connectors.graphql.encode.document import Piece, Pieces, request_text
from connectors.graphql.errors import about
from connectors.graphql.operations import GraphqlOperation, operation_of
from connectors.graphql.options import Options
from connectors.graphql.schema import SchemaSource
from connectors.graphql.session import Subscriptions
from connectors.transport import Transport, open_transport

_ACCEPT = "application/graphql-response+json, application/json;q=0.9"
_CHECK_SECONDS = 5.0
_INTROSPECTION_SECONDS = 10.0


class GraphqlConnector:
    """Speaks to one GraphQL upstream through one pooled transport, which it owns and closes."""

    def __init__(self, name: str, options: Options, transport: Transport) -> None:
        self._name = name
        self._options = options
        self._transport = transport
        self._schema = SchemaSource(name, options, self._introspect)
        self._pieces = Pieces()
        self._merger = Merger(self._send_together)
        self._subscriptions = Subscriptions(options)

    async def start(self) -> None:
        """Learn the upstream's schema: from the file, or by introspection. Raises UpstreamError or DefinitionError."""
        await self._schema.start()

    async def close(self) -> None:
        """As Connector.close."""
        await self._subscriptions.close()
        await self._transport.close()
        await self._merger.finish()

    async def check(self) -> None:
        """Ask for the name of the root type. An upstream that wants to know first who asks is up."""
        operation = Operation(upstream=self._name, name="check")
        try:
            response = await self._post(operation, {"query": "{ __typename }"}, {}, _CHECK_SECONDS)
            if response.data is None:
                raise response.failure(operation)
        except (UpstreamUnauthenticated, UpstreamForbidden):
            return

    async def send(self, call: Call) -> Reply:
        """As Connector.send; in the reply's data, an UpstreamError stands for each null that the upstream explains.

        Raises DefinitionError when it is not known what to ask for, or of which types the variables are.
        """
        operation = operation_of(call)
        left = _seconds_left(call)
        try:
            async with asyncio.timeout(left):
                asked = await self._asked(call, operation)
                if operation.kind == "query" and self._options.merge:
                    outcome = await self._merger.ask(asked)
                else:
                    (outcome,) = await self._send_together([asked])
        except TimeoutError as late:
            raise UpstreamTimeout(operation, f"no whole reply within {left:.3g} s") from late
        if isinstance(outcome, UpstreamError):
            raise outcome
        return outcome

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the events of a subscription, each read when the one before has been taken.

        Closing the generator completes the subscription upstream. Raises what `send` raises.
        """
        operation = operation_of(call)
        _seconds_left(call)
        asked = await self._asked(call, operation)
        piece = self._pieces.piece(call, operation, asked.facts)
        request = _request(operation, [(piece, call)])
        async with aclosing(self._subscriptions.results(call, request)) as results:
            async for result in results:
                response = read_body(operation, result, call.headers)
                yield Event(data=_event_data(piece, response, self._options.max_depth))

    async def _asked(self, call: Call, operation: GraphqlOperation) -> Asked:
        """Find an author's mistake here, where it concerns nobody but this call."""
        facts = await self._schema.facts(operation, call.headers)
        self._pieces.piece(call, operation, facts)
        return Asked(call, facts)

    async def _send_together(self, group: Sequence[Asked]) -> list[Outcome]:
        """Send calls with equal headers in one request. Failures are among the outcomes, not raised."""
        parts = [(self._piece(asked, index, len(group)), asked.call) for index, asked in enumerate(group)]
        first = parts[0][0].operation
        try:
            request = _request(first, parts)
        except UpstreamRejected as error:
            return [error] if len(group) == 1 else await self._each_alone(group)
        try:
            response = await self._post(first, request, group[0].call.headers, None)
        except UpstreamError as error:
            return [about(error, piece.operation) for piece, _ in parts]
        if response.data is not None:
            return [make_reply(piece, response, self._options.max_depth) for piece, _ in parts]
        return await self._without_data(group, [piece for piece, _ in parts], response)

    async def _without_data(self, group: Sequence[Asked], pieces: Sequence[Piece], response: Response) -> list[Outcome]:
        """The outcomes where one call's failure took the whole response: the calls that are not to blame ask again."""
        failures: list[Outcome] = [response.failure(piece.operation) for piece in pieces]
        if len(group) == 1:
            return failures
        blamed = {index for index, piece in enumerate(pieces) if _is_blamed(piece, response)}
        if blamed and len(blamed) < len(group):
            again = [index for index in range(len(group)) if index not in blamed]
            others = dict(zip(again, await self._send_together([group[index] for index in again]), strict=True))
            return [others.get(index, failures[index]) for index in range(len(group))]
        if _is_of_the_document(failures[0]):
            return await self._each_alone(group)
        return failures

    async def _each_alone(self, group: Sequence[Asked]) -> list[Outcome]:
        """The outcomes of calls of which one spoilt the request for all."""
        alone = await asyncio.gather(*(self._send_together([asked]) for asked in group))
        return [outcome for (outcome,) in alone]

    def _piece(self, asked: Asked, index: int, together: int) -> Piece:
        operation = operation_of(asked.call)
        return self._pieces.piece(asked.call, operation, asked.facts, f"c{index}_" if together > 1 else "")

    async def _introspect(self, operation: Operation, query: str, headers: Mapping[str, str]) -> Mapping[str, bytes]:
        response = await self._post(operation, {"query": query}, headers, _INTROSPECTION_SECONDS)
        if response.data is None or response.problems:
            raise response.failure(operation)
        return response.data

    async def _post(
        self,
        operation: Operation,
        request: Mapping[str, Any] | bytes,
        headers: Mapping[str, str],
        seconds: float | None,
    ) -> Response:
        body = request if isinstance(request, bytes) else msgspec.json.encode(request)
        sent = {**headers, "accept": _ACCEPT, "content-type": "application/json"}
        http = await self._transport.request(
            operation, "POST", self._options.address, headers=sent, body=body, timeout=seconds
        )
        return read_http(operation, http, headers)


def connect(name: str, options: Options) -> GraphqlConnector:
    """Make the connector of one upstream, without I/O."""
    return GraphqlConnector(name, options, open_transport(options))


def _request(operation: GraphqlOperation, parts: Sequence[tuple[Piece, Call]]) -> bytes:
    """The body of a request. Raises UpstreamRejected, before anything is sent, for values that JSON cannot hold."""
    request: dict[str, Any] = {"query": request_text(operation.kind, [piece for piece, _ in parts])}
    variables: dict[str, Any] = {}
    for piece, call in parts:
        variables |= piece.variables(call)
    if variables:
        request["variables"] = variables
    try:
        return msgspec.json.encode(request)
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise UpstreamRejected(operation, f"nothing was sent: {error}") from error


def _seconds_left(call: Call) -> float | None:
    if call.deadline is None:
        return None
    left = call.deadline - time.monotonic()
    if left <= 0:
        raise UpstreamTimeout(call.operation, "its time was up before it was sent")
    return left


def _is_blamed(piece: Piece, response: Response) -> bool:
    """Whether an error leads into this piece's part of the response."""
    return any(problem.path and problem.path[0] in piece.roots for problem in response.problems)


def _is_of_the_document(failure: Outcome) -> bool:
    """Whether one piece may have spoilt the document for all; who may not ask at all may not ask alone either."""
    return isinstance(failure, UpstreamRejected) and not isinstance(
        failure, UpstreamUnauthenticated | UpstreamForbidden
    )


def _event_data(piece: Piece, result: Response, most_depth: int) -> Any:
    """An event's data; the UpstreamError when there is none, because one bad event does not end a subscription."""
    if result.data is None:
        return result.failure(piece.operation)
    reply = make_reply(piece, result, most_depth)
    return reply if isinstance(reply, UpstreamError) else reply.data
