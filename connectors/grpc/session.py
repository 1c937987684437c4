"""The channel to one upstream and its schema: opened once, when first needed. Used by the connector."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError
from grpc import aio

from connectors.aio.attempt import Attempt, Closed
from connectors.aio.clock import SYSTEM_CLOCK, Clock, seconds_until
from connectors.contract import Operation
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamFailed, UpstreamTimeout, UpstreamUnreachable
from connectors.grpc.encode_metadata import BadMetadata, Metadata, encode_metadata
from connectors.grpc.errors import translate_status
from connectors.grpc.options import Options
from connectors.grpc.schema import Schema
from connectors.grpc.schema_descriptors import compile_protos, read_descriptor_set
from connectors.grpc.schema_reflection import reflect
from connectors.grpc.session_channel import open_channel, read_credentials

_REFLECTION_SECONDS = 10.0
_REFLECTION_BYTES = 64_000_000


class Session:
    """Owns the channel, which belongs to the event loop of the first call, and the Schema."""

    def __init__(self, name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = name
        self._options = options
        self._clock = clock
        self._channel: aio.Channel | None = None
        self._fixed_headers: Mapping[str, str] = {}
        self._callers_headers: Mapping[str, str] = {}
        self._opening: Attempt[tuple[aio.Channel, Schema]] = Attempt(self._open, name=f"open {name}", clock=clock)

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._opening.is_closed

    def set_fixed_headers(self, headers: Mapping[str, str]) -> None:
        """Send these headers with calls that no caller makes."""
        self._fixed_headers = headers

    async def open(
        self, operation: Operation, deadline: float | None, headers: Mapping[str, str] | None = None
    ) -> tuple[aio.Channel, Schema]:
        """Return the channel and the schema; callers share one attempt, and after a failure the next caller tries anew.

        `headers` are those of the caller: an upstream that reflects only for callers is asked with them.
        Raises DefinitionError for mistakes in files, UpstreamTimeout at the deadline, and what reflection raises.
        """
        if headers:
            self._callers_headers = headers
        try:
            return await self._opening.wait(seconds_until(deadline, self._clock))
        except Closed:
            raise UpstreamUnreachable(operation, "the connector is closed") from None
        except TimeoutError as late:
            raise UpstreamTimeout(operation, "the connector was not ready before the deadline") from late

    def encode_metadata(self, headers: Mapping[str, str] | None = None) -> Metadata | None:
        """Headers as metadata: the fixed ones if none are given. Raises DefinitionError for one that cannot be sent."""
        try:
            return encode_metadata(headers or self._fixed_headers) or None
        except BadMetadata as error:
            raise DefinitionError(f"{self._name}: {error}") from error

    async def close(self) -> None:
        """Close the channel and end an attempt to open it. Idempotent."""
        await self._opening.close()
        if self._channel is not None:
            await self._channel.close()

    @contextmanager
    def translate_errors(self, operation: Operation) -> Iterator[None]:
        """Translate everything that grpcio and protobuf raise inside."""
        try:
            yield
        except aio.AioRpcError as error:
            if self.is_closed or self._channel is None:
                raise UpstreamUnreachable(operation, "the connector is closed") from error
            is_connected = self._channel.get_state() is grpc.ChannelConnectivity.READY
            raise translate_status(operation, error, self._decode_any, is_connected=is_connected) from error
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

    def _decode_any(self, name: str, value: bytes) -> Any:
        opened = self._opening.value
        if opened is None:
            raise LookupError(name)
        return opened[1].decode_any(name, value)

    async def _open(self) -> tuple[aio.Channel, Schema]:
        options = self._options
        credentials = await asyncio.to_thread(read_credentials, self._name, options)
        if self._channel is None:
            self._channel = open_channel(options, credentials, max_message=options.max_reply_size)
            self._channel.get_state(try_to_connect=True)  # so that the first call finds a connection
        return self._channel, await self._load_schema(credentials)

    async def load_schema(self) -> Schema:
        """Load the schema without opening the channel. Raises as `open`."""
        opened = self._opening.value
        if opened is not None:
            return opened[1]
        return await self._load_schema(await asyncio.to_thread(read_credentials, self._name, self._options))

    async def _load_schema(self, credentials: grpc.ChannelCredentials | None) -> Schema:
        files = await self._load_files(credentials)
        return await asyncio.to_thread(Schema, self._name, files)

    async def _load_files(self, credentials: grpc.ChannelCredentials | None) -> list[FileDescriptorProto]:
        options = self._options
        if options.protos:
            return await asyncio.to_thread(compile_protos, self._name, options.protos, options.proto_path)
        if options.descriptor_set is not None:
            return await asyncio.to_thread(read_descriptor_set, self._name, options.descriptor_set)
        operation = Operation(upstream=self._name, name="reflection")
        metadata = self.encode_metadata(self._callers_headers or self._fixed_headers)
        with self.translate_errors(operation):
            # A channel of its own: descriptors may well be larger than the replies that this upstream may send.
            async with open_channel(options, credentials, max_message=_REFLECTION_BYTES) as channel:
                return await reflect(channel, operation, seconds=_REFLECTION_SECONDS, metadata=metadata)
