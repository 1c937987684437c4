"""The channel to one upstream and the types spoken on it: opened once, when first needed. Used by the connector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError
from grpc import aio

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamFailed, UpstreamTimeout, UpstreamUnreachable
from connectors.grpc.errors import upstream_error
from connectors.grpc.options import Options
from connectors.grpc.schema import Schema
from connectors.grpc.schema_descriptors import compile_protos, read_descriptor_set
from connectors.grpc.schema_reflection import reflect
from connectors.grpc.session_channel import open_channel, read_credentials

_REFLECTION_SECONDS = 10.0
_REFLECTION_BYTES = 64_000_000


class Connection:
    """Owns the channel, which belongs to the event loop of the first call, and the Schema."""

    def __init__(self, name: str, options: Options) -> None:
        self._name = name
        self._options = options
        self._channel: aio.Channel | None = None
        self._schema: Schema | None = None
        self._opening: asyncio.Task[None] | None = None
        self.is_closed = False

    async def ready(self, operation: Operation, deadline: float | None) -> tuple[aio.Channel, Schema]:
        """The open channel and the types; all who wait share one attempt, and the next after a failure tries again.

        Raises DefinitionError for mistakes in files, UpstreamTimeout at the deadline, and what reflection raises.
        """
        if self.is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        if self._channel is None or self._schema is None:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open(), name=f"open {self._name}")
                self._opening.add_done_callback(self._opened)
            try:
                async with asyncio.timeout(None if deadline is None else deadline - time.monotonic()):
                    await asyncio.shield(self._opening)
            except TimeoutError as late:
                raise UpstreamTimeout(operation, "the connector was not ready before the deadline") from late
        assert self._channel is not None
        assert self._schema is not None
        return self._channel, self._schema

    async def close(self) -> None:
        """Close the channel and give up opening it. Idempotent."""
        self.is_closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._channel is not None:
            await self._channel.close()

    @contextmanager
    def upstream_errors(self, operation: Operation) -> Iterator[None]:
        """Translate everything that grpcio and protobuf raise while calling."""
        try:
            yield
        except aio.AioRpcError as error:
            if self.is_closed or self._channel is None:
                raise UpstreamUnreachable(operation, "the connector is closed") from error
            is_connected = self._channel.get_state() is grpc.ChannelConnectivity.READY
            raise upstream_error(operation, error, is_connected=is_connected) from error
        except aio.BaseError as error:  # grpcio itself would not start the call
            if self.is_closed:
                raise UpstreamUnreachable(operation, "the connector is closed") from error
            raise UpstreamFailed(operation, f"grpcio refused the call with {type(error).__name__}") from error
        except DecodeError as error:
            raise UpstreamBadReply(operation, "the reply is not a message of the declared type") from error
        except asyncio.CancelledError:
            # Closing a channel ends its calls with CancelledError, which must not pass for a cancelled task.
            task = asyncio.current_task()
            if self.is_closed and (task is None or not task.cancelling()):
                raise UpstreamUnreachable(operation, "the connector was closed") from None
            raise

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening = None
        if not task.cancelled():
            task.exception()  # looked at here, because those who waited may all be gone

    async def _open(self) -> None:
        options = self._options
        credentials = await asyncio.to_thread(read_credentials, self._name, options)
        if self._channel is None:
            self._channel = open_channel(options, credentials, max_message=options.max_reply_size)
            self._channel.get_state(try_to_connect=True)  # so that the first call finds a connection
        files = await self._files(credentials)
        self._schema = await asyncio.to_thread(Schema, self._name, files)

    async def _files(self, credentials: grpc.ChannelCredentials | None) -> list[FileDescriptorProto]:
        options = self._options
        if options.protos:
            return await asyncio.to_thread(compile_protos, self._name, options.protos, options.proto_path)
        if options.descriptor_set is not None:
            return await asyncio.to_thread(read_descriptor_set, self._name, options.descriptor_set)
        operation = Operation(upstream=self._name, name="reflection")
        with self.upstream_errors(operation):
            # A channel of its own: descriptors may well be larger than the replies that this upstream may send.
            async with open_channel(options, credentials, max_message=_REFLECTION_BYTES) as channel:
                return await reflect(channel, operation, seconds=_REFLECTION_SECONDS)
