"""gRPC upstreams: a call is one RPC, a subscription a server stream. Made by connectors.kinds, used by policies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.protobuf.wrappers_pb2 import Int32Value, StringValue
from grpc import StatusCode, aio

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Event, Operation, Reply
from connectors.descriptions import Description
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamNotFound, UpstreamRejected, UpstreamUnavailable
from connectors.failures import check_failures
from connectors.grpc.decode_reply import decode_event, make_reply
from connectors.grpc.encode_metadata import BadMetadata, Metadata, decode_metadata, encode_metadata
from connectors.grpc.errors import RequestMismatch
from connectors.grpc.operations import RpcOperation
from connectors.grpc.options import Options
from connectors.grpc.paging import TokenPages, collect_pages
from connectors.grpc.schema import Method
from connectors.grpc.session import Session
from connectors.streams.deadline import require_time

_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = 1
_UP_WITHOUT_HEALTH = (StatusCode.UNIMPLEMENTED, StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED)


@dataclass(frozen=True, slots=True)
class _Rpc:
    """A method and grpcio's way to invoke it: serialized request in, call object that gives bytes out."""

    method: Method
    invoke: Callable[..., Any]


class GrpcConnector:
    """Speaks with one gRPC upstream over one channel, which it owns and closes."""

    def __init__(self, name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = name
        self._options = options
        self._clock = clock
        self._session = Session(name, options, clock)
        self._rpcs: dict[tuple[str, bool], _Rpc] = {}

    def set_fixed_headers(self, headers: Mapping[str, str]) -> None:
        """As SendsFixedHeaders: for reflection and checks."""
        self._session.set_fixed_headers(headers)

    async def start(self) -> None:
        """Open the channel and load the schema; the first `send` does it otherwise.

        Raises DefinitionError for mistakes in proto files, descriptor sets and certificates.
        """
        operation = Operation(upstream=self._name, name="start")
        with self._session.translate_errors(operation):
            await self._session.open(operation, None)

    async def describe(self) -> Description | None:
        """As Describes. Files are read without a connection."""
        with self._session.translate_errors(Operation(upstream=self._name, name="describe")):
            return (await self._session.load_schema()).description

    async def close(self) -> None:
        """Close the channel; calls under way fail with UpstreamUnreachable."""
        await self._session.close()

    async def check(self) -> None:
        """Ask the upstream for its health (grpc.health.v1); where that is not offered, any answer is good enough."""
        operation = Operation(upstream=self._name, name="check")
        with self._session.translate_errors(operation):
            channel, _ = await self._session.open(operation, None)
            # Request and response have one field, number 1, as these two have: they are the same on the wire.
            question = StringValue(value=self._options.health).SerializeToString()
            ask: Callable[..., Any] = channel.unary_unary(_HEALTH)
            try:
                answer = await ask(
                    question, timeout=self._options.connect_timeout, metadata=self._session.encode_metadata()
                )
            except aio.AioRpcError as error:
                if error.code() not in _UP_WITHOUT_HEALTH:
                    raise
                return
            if Int32Value.FromString(answer or b"").value != _SERVING:
                raise UpstreamUnavailable(operation, "it says that it is not serving", upstream_code="NOT_SERVING")

    async def send(self, call: Call) -> Reply:
        """Send one call; raise UpstreamError when no usable reply comes back.

        The reply's headers are the initial and trailing metadata. Raises DefinitionError when the upstream has no such
        method or the request no such field.
        """
        operation = _check_operation(call)
        try:
            if operation.pages is not None:
                reply = await self._send_pages(call, operation, operation.pages)
            else:
                with self._session.translate_errors(operation):
                    rpc = await self._find_rpc(operation, call)
                    under_way = rpc.invoke(
                        _encode_request(rpc, call, operation, operation.fill_message(call)),
                        timeout=require_time(call, self._clock),
                        metadata=_encode_metadata(call, operation),
                    )
                    answer = await under_way
                    if not isinstance(answer, bytes):
                        raise UpstreamBadReply(operation, "the status is OK, but no message came with it")
                    headers = decode_metadata(await under_way.initial_metadata(), await under_way.trailing_metadata())
                    reply = await make_reply(operation, rpc.method, answer, headers, self._options.max_values)
        except UpstreamNotFound as error:
            if not operation.missing_is_null:
                raise
            return Reply(None, headers=error.headers)
        return reply if operation.failure is None else await check_failures(call, reply)

    async def _send_pages(self, call: Call, operation: RpcOperation, pages: TokenPages) -> Reply:
        at = operation.many_items if call.keys else operation.items
        send = partial(self._send_page, call, operation)
        message = operation.fill_message(call)
        return await collect_pages(operation, pages, at, message, self._options.max_reply_size, send)

    async def _send_page(self, call: Call, operation: RpcOperation, message: Any) -> Reply:
        """As `send` does for a call of one page, without a layer that such calls would pay for."""
        with self._session.translate_errors(operation):
            rpc = await self._find_rpc(operation, call)
            under_way = rpc.invoke(
                _encode_request(rpc, call, operation, message),
                timeout=require_time(call, self._clock),
                metadata=_encode_metadata(call, operation),
            )
            answer = await under_way
            if not isinstance(answer, bytes):
                raise UpstreamBadReply(operation, "the status is OK, but no message came with it")
            headers = decode_metadata(await under_way.initial_metadata(), await under_way.trailing_metadata())
            return await make_reply(operation, rpc.method, answer, headers, self._options.max_values)

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the messages of a server stream; each is read when the one before has been taken (HTTP/2 flow control).

        Closing the generator cancels the stream upstream. Raises what `send` raises.
        """
        operation = _check_operation(call)
        errors = self._session.translate_errors
        with errors(operation):
            rpc = await self._find_rpc(operation, call)
            under_way = rpc.invoke(
                _encode_request(rpc, call, operation, operation.fill_message(call)),
                timeout=require_time(call, self._clock),
                metadata=_encode_metadata(call, operation),
            )
        try:
            while True:
                with errors(operation):
                    answer = await under_way.read()
                    if not isinstance(answer, bytes):
                        return
                    data = await decode_event(operation, rpc.method, answer, self._options.max_values)
                yield Event(data=data)
        finally:
            under_way.cancel()

    async def _find_rpc(self, operation: RpcOperation, call: Call) -> _Rpc:
        key = (operation.name, operation.is_stream)
        rpc = self._rpcs.get(key)
        if rpc is None or self._session.is_closed:
            channel, schema = await self._session.open(operation, call.deadline, call.headers)
            method = schema.find_method(operation)
            multicallable = channel.unary_stream if operation.is_stream else channel.unary_unary
            rpc = self._rpcs[key] = _Rpc(method, multicallable(method.path))
        return rpc


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> GrpcConnector:
    """A connector to the upstream of this name, without any I/O."""
    return GrpcConnector(name, options, clock)


def _check_operation(call: Call) -> RpcOperation:
    operation = call.operation
    if not isinstance(operation, RpcOperation):
        raise DefinitionError(f"{operation.upstream}: {operation.name} was not defined with grpc(...)")
    return operation


def _encode_request(rpc: _Rpc, call: Call, operation: RpcOperation, message: Any) -> bytes:
    try:
        return rpc.method.encode(message)
    except RequestMismatch as mismatch:
        template = operation.many if call.keys and operation.many is not None else operation.request
        if mismatch.is_definition and (operation.pages is not None or template.is_given_plainly(call.arguments)):
            raise DefinitionError(f"{operation.upstream}: {operation.name}: {mismatch}") from mismatch
        raise UpstreamRejected(operation, f"the request was not sent, it does not fit: {mismatch}") from mismatch


def _encode_metadata(call: Call, operation: RpcOperation) -> Metadata | None:
    headers = call.headers if operation.metadata is None else operation.fill_metadata(call)
    try:
        return encode_metadata(headers) if headers else None
    except BadMetadata as error:
        raise UpstreamRejected(call.operation, f"the request was not sent: {error}") from error
