"""GraphQL upstreams: a request selects what frontends select. Built by connectors.kinds, used through policies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.aio.cooperative import LARGE
from connectors.contract import Call, Event, Operation, Reply
from connectors.descriptions import Description
from connectors.errors import (
    UpstreamError,
    UpstreamForbidden,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    copy_error,
)
from connectors.failures import check_failures
from connectors.graphql.connector_merge import Merger, Outcome, PreparedCall
from connectors.graphql.decode import (
    Response,
    decode_body,
    decode_event,
    decode_http,
    decode_large_body,
    finish_reply,
    make_reply,
)
from connectors.graphql.encode.document import Piece, PieceCache
from connectors.graphql.encode.request import encode_request
from connectors.graphql.operations import GraphqlOperation, get_operation
from connectors.graphql.options import Options
from connectors.graphql.schema import SchemaSource
from connectors.graphql.session import Subscriptions
from connectors.graphql.session_redirects import find_redirect
from connectors.joint import may_ask_alone
from connectors.messages.json_slices import Bounds
from connectors.streams.deadline import require_time
from connectors.transport import Transport, open_transport

_ACCEPT = "application/graphql-response+json, application/json;q=0.9"
_CHECK_TIMEOUT = 5.0
_MAX_REDIRECTS = 5
_INTROSPECTION_TIMEOUT = 10.0


class GraphqlConnector:
    """Speaks to one GraphQL upstream through one pooled transport, which it owns and closes."""

    def __init__(self, name: str, options: Options, transport: Transport, clock: Clock = SYSTEM_CLOCK) -> None:
        """`clock` says when the schema may be fetched again."""
        self._name = name
        self._options = options
        self._bounds = Bounds(options.max_depth, options.max_values)
        self._transport = transport
        self._clock = clock
        self._schema = SchemaSource(name, options, self._introspect, clock)
        self._pieces = PieceCache()
        self._merger = Merger(self._send_together, options.merge, clock) if options.merge else None
        self._subscriptions = Subscriptions(options, clock)
        self._fixed_headers: Mapping[str, str] = {}

    def set_fixed_headers(self, headers: Mapping[str, str]) -> None:
        """As SendsFixedHeaders: for introspection and checks."""
        self._fixed_headers = headers

    async def start(self) -> None:
        """Read the upstream's schema: the file, or by introspection. Raises UpstreamError or DefinitionError."""
        await self._schema.start()

    async def describe(self) -> Description | None:
        """As Describes."""
        await self._schema.start()
        return self._schema.description

    async def close(self) -> None:
        """As Connector.close."""
        await self._subscriptions.close()
        await self._transport.close()
        if self._merger is not None:
            await self._merger.drain()

    async def check(self) -> None:
        """Query the name of the root type. An upstream that requires authentication is up."""
        operation = Operation(upstream=self._name, name="check")
        try:
            response = await self._post(
                operation, {"query": "{ __typename }"}, self._fixed_headers, _CHECK_TIMEOUT, ("__typename",)
            )
            if response.data is None:
                raise response.create_error(operation)
        except (UpstreamUnauthenticated, UpstreamForbidden):
            return

    async def send(self, call: Call) -> Reply:
        """As Connector.send; in the reply's data, an UpstreamError replaces each null that the upstream explains.

        Raises DefinitionError when the selection or the type of a variable is not known.
        """
        operation = get_operation(call)
        left = require_time(call, self._clock)
        try:
            async with timeout_after(left, self._clock):
                prepared = await self._prepare(call, operation)
                if operation.kind == "query" and self._merger is not None:
                    outcome = await self._merger.send(prepared)
                else:
                    (outcome,) = await self._send_together([prepared], None)
        except TimeoutError as late:
            raise UpstreamTimeout(operation, f"no whole reply within {left:.3g} s") from late
        if isinstance(outcome, UpstreamError):
            raise outcome
        assert outcome is not None
        return outcome if operation.failure is None else await check_failures(call, outcome)

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the events of a subscription; an event is read when the previous one has been taken.

        Closing the generator completes the subscription upstream. Raises what `send` raises.
        """
        operation = get_operation(call)
        require_time(call, self._clock)
        prepared = await self._prepare(call, operation)
        piece = self._pieces.get_piece(call, operation, prepared.facts)
        request = encode_request(operation, [(piece, call)])
        async with aclosing(self._subscriptions.subscribe(call, request)) as results:
            async for result in results:
                yield Event(data=await self._decode_event(piece, result, call))

    async def _decode_event(self, piece: Piece, result: msgspec.Raw, call: Call) -> Any:
        operation, bounds = piece.operation, self._bounds
        if len(bytes(result)) > LARGE:
            response = await decode_large_body(operation, result, call.headers, bounds, piece.roots)
        else:
            response = decode_body(operation, result, call.headers)
        return await decode_event(piece, response, bounds)

    async def _prepare(self, call: Call, operation: GraphqlOperation) -> PreparedCall:
        """Raises DefinitionError for an author's mistake, before the call shares a request with others."""
        facts = await self._schema.get_facts(operation, call.headers)
        self._pieces.get_piece(call, operation, facts)
        return PreparedCall(call, facts)

    async def _send_together(self, group: Sequence[PreparedCall], seconds: float | None) -> Sequence[Outcome]:
        """Send calls with equal headers in one request. Failures are outcomes, not raised."""
        parts = [(self._get_piece(prepared, index, len(group)), prepared.call) for index, prepared in enumerate(group)]
        pieces = [piece for piece, _ in parts]
        first = pieces[0].operation
        try:
            request = encode_request(first, parts)
            roots = [root for piece in pieces for root in piece.roots]
            response = await self._post(first, request, group[0].call.headers, seconds, roots)
        except UpstreamError as error:
            return _assign_failures([error, *(copy_error(error, piece.operation) for piece in pieces[1:])], error)
        if response.data is None:
            return _assign_missing_data(pieces, response)
        outcomes = [
            make_reply(piece, response, self._bounds)
            if len(group) == 1 or not _is_unexplained(piece, response)
            else None
            for piece in pieces
        ]
        if not response.problems:
            return outcomes
        return [None if each is None else await finish_reply(each, response) for each in outcomes]

    def _get_piece(self, prepared: PreparedCall, index: int, together: int) -> Piece:
        operation = get_operation(prepared.call)
        return self._pieces.get_piece(prepared.call, operation, prepared.facts, f"c{index}_" if together > 1 else "")

    async def _introspect(self, operation: Operation, query: str, headers: Mapping[str, str]) -> Mapping[str, bytes]:
        response = await self._post(
            operation, {"query": query}, headers or self._fixed_headers, _INTROSPECTION_TIMEOUT, ("__schema",)
        )
        if response.data is None or response.problems:
            raise response.create_error(operation)
        return response.data

    async def _post(
        self,
        operation: Operation,
        request: Mapping[str, Any] | bytes,
        headers: Mapping[str, str],
        seconds: float | None,
        roots: Collection[str],
    ) -> Response:
        body = request if isinstance(request, bytes) else msgspec.json.encode(request)
        sent = {**headers, "accept": _ACCEPT, "content-type": "application/json"}
        address = self._options.address
        http = await self._transport.request(operation, "POST", address, headers=sent, body=body, timeout=seconds)
        for _ in range(_MAX_REDIRECTS if 300 <= http.status < 400 else 0):
            target = find_redirect(operation, address, http)
            if target is None:
                break
            address = target
            http = await self._transport.request(operation, "POST", address, headers=sent, body=body, timeout=seconds)
        return await decode_http(operation, http, headers, self._bounds, roots)


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> GraphqlConnector:
    """Create the connector of one upstream, without I/O."""
    return GraphqlConnector(name, options, open_transport(options, clock), clock)


def _assign_failures(failures: Sequence[UpstreamError], error: UpstreamError) -> Sequence[Outcome]:
    """The outcomes of a request that failed as a whole with an error: of several calls, any can be the cause."""
    return [None] * len(failures) if len(failures) > 1 and may_ask_alone(error) else failures


def _assign_missing_data(pieces: Sequence[Piece], response: Response) -> Sequence[Outcome]:
    """The outcomes of a response without data: only calls whose part has an error are known to be a cause."""
    failures = [response.create_error(piece.operation) for piece in pieces]
    if len(pieces) > 1 and any(_is_cause(piece, response) for piece in pieces):
        return [
            failure if _is_cause(piece, response) else None for piece, failure in zip(pieces, failures, strict=True)
        ]
    return _assign_failures(failures, response.error or failures[0])


def _is_cause(piece: Piece, response: Response) -> bool:
    """Whether an error leads into this piece's part of the response."""
    return any(problem.path and problem.path[0] in piece.roots for problem in response.problems)


def _is_unexplained(piece: Piece, response: Response) -> bool:
    """Whether this piece has a null, and an error that leads nowhere can be about it or about another piece."""
    assert response.data is not None
    return any(not problem.path for problem in response.problems) and any(
        response.data.get(root) in (None, b"null") for root in piece.roots
    )
