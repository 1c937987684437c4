"""Asks an upstream for its own descriptors. Used by the connector at start when bff.yaml says `reflection: true`.

Source: gRPC server reflection protocol v1; older servers offer v1alpha, whose messages are the same on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc import aio
from grpc_reflection.v1alpha import reflection_pb2

from connectors.aio.clock import SYSTEM_CLOCK, seconds_until
from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamFailed
from connectors.grpc.encode_metadata import Metadata
from connectors.grpc.schema_descriptors import load_bundled_file

MAX_FILES = 5000
_VERSIONS = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


async def reflect(
    channel: aio.Channel,
    operation: Operation,
    *,
    seconds: float,
    max_files: int = MAX_FILES,
    metadata: Metadata | None = None,
) -> list[FileDescriptorProto]:
    """Load every file that the services of the upstream need, within this many seconds, with this metadata.

    Raises UpstreamFailed when reflection is not offered, UpstreamBadReply for answers without sense, protobuf's
    DecodeError for answers that are no messages, and grpcio's AioRpcError for a call that fails.
    """
    until = SYSTEM_CLOCK.now() + seconds
    for version in _VERSIONS:
        try:
            return await _ReflectionClient(channel, version, operation, until, max_files, metadata).load_files()
        except aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise
    raise UpstreamFailed(
        operation,
        "the server does not offer reflection; switch it on there, or give protos or descriptor_set in bff.yaml",
        upstream_code=grpc.StatusCode.UNIMPLEMENTED.name,
    )


class _ReflectionClient:
    """Calls one version of the reflection service, with an RPC for each question.

    The method takes a stream of requests, and a stream of one is a unary call on the wire. So nothing is written to a
    stream that the server may just have refused: grpcio would hide the refusal behind an error of its own.
    """

    def __init__(
        self,
        channel: aio.Channel,
        version: str,
        operation: Operation,
        until: float,
        max_files: int,
        metadata: Metadata | None,
    ) -> None:
        self._invoke: Callable[..., Any] = channel.unary_unary(f"/{version}/ServerReflectionInfo")
        self._operation = operation
        self._until = until
        self._max_files = max_files
        self._metadata = metadata
        self._files: dict[str, FileDescriptorProto] = {}
        self._absent: set[str] = set()

    async def load_files(self) -> list[FileDescriptorProto]:
        """Load the files of all services, then the files that these import."""
        listed = await self._request(list_services="*")
        for service in listed.list_services_response.service:
            self._add_files(await self._request(file_containing_symbol=service.name))
        while missing := self._list_missing_imports():
            for name in missing:
                self._add_files(await self._request(file_by_filename=name))
                self._absent.add(name)
        return list(self._files.values())

    async def _request(self, **question: str) -> Any:
        request = reflection_pb2.ServerReflectionRequest(**question).SerializeToString()
        answer = await self._invoke(request, timeout=seconds_until(self._until), metadata=self._metadata)
        if not isinstance(answer, bytes):
            raise UpstreamBadReply(self._operation, "server reflection ended without an answer")
        return reflection_pb2.ServerReflectionResponse.FromString(answer)

    def _add_files(self, answer: Any) -> None:
        """Add the files of an answer. A refusal is ignored: the file it is about may not be needed."""
        for serialized in answer.file_descriptor_response.file_descriptor_proto:
            file = FileDescriptorProto.FromString(serialized)
            self._files.setdefault(file.name, file)
        if len(self._files) > self._max_files:
            raise UpstreamBadReply(self._operation, f"server reflection sent more than {self._max_files} files")

    def _list_missing_imports(self) -> set[str]:
        """List the imports that are neither loaded nor bundled and were not requested before."""
        imported = {name for file in self._files.values() for name in file.dependency}
        return {name for name in imported - self._files.keys() - self._absent if load_bundled_file(name) is None}
