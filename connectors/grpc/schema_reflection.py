"""Asks an upstream for its own descriptors. Used by the connector at start when bff.yaml says `reflection: true`.

Source: gRPC server reflection protocol v1; older servers offer v1alpha, whose messages are the same on the wire.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc import aio
from grpc_reflection.v1alpha import reflection_pb2

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamFailed
from connectors.grpc.schema_descriptors import bundled_file

MAX_FILES = 5000
_VERSIONS = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


async def reflect(channel: aio.Channel, operation: Operation, *, seconds: float) -> list[FileDescriptorProto]:
    """Every file that the services of the upstream need, asked for within so many seconds.

    Raises UpstreamFailed when reflection is not offered, UpstreamBadReply for answers that make no sense, protobuf's
    DecodeError for some that cannot be read, and grpcio's AioRpcError for what goes wrong on the way.
    """
    until = time.monotonic() + seconds
    for version in _VERSIONS:
        try:
            return await _Session(channel, version, operation, until).files()
        except aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise
    raise UpstreamFailed(
        operation,
        "the server does not offer reflection; switch it on there, or give protos or descriptor_set in bff.yaml",
        upstream_code=grpc.StatusCode.UNIMPLEMENTED.name,
    )


class _Session:
    """Questions to one version of the service, each an RPC of its own.

    The method is a stream of questions, and a stream of one is what a unary call is on the wire. So nothing is ever
    written to a stream that the server may just have refused: grpcio then hides the refusal behind an error of its own.
    """

    def __init__(self, channel: aio.Channel, version: str, operation: Operation, until: float) -> None:
        self._invoke: Callable[..., Any] = channel.unary_unary(f"/{version}/ServerReflectionInfo")
        self._operation = operation
        self._until = until
        self._files: dict[str, FileDescriptorProto] = {}
        self._absent: set[str] = set()

    async def files(self) -> list[FileDescriptorProto]:
        """Ask for the services, their files, and what these import."""
        listed = await self._ask(list_services="*")
        for service in listed.list_services_response.service:
            self._keep(await self._ask(file_containing_symbol=service.name))
        while missing := self._missing():
            for name in missing:
                self._keep(await self._ask(file_by_filename=name))
                self._absent.add(name)
        return list(self._files.values())

    async def _ask(self, **question: str) -> Any:
        request = reflection_pb2.ServerReflectionRequest(**question).SerializeToString()
        answer = await self._invoke(request, timeout=self._until - time.monotonic())
        if not isinstance(answer, bytes):
            raise UpstreamBadReply(self._operation, "server reflection ended without an answer")
        return reflection_pb2.ServerReflectionResponse.FromString(answer)

    def _keep(self, answer: Any) -> None:
        """Remember the files of an answer. A refusal is left for later: what it was about may not be needed."""
        for serialized in answer.file_descriptor_response.file_descriptor_proto:
            file = FileDescriptorProto.FromString(serialized)
            self._files.setdefault(file.name, file)
        if len(self._files) > MAX_FILES:
            raise UpstreamBadReply(self._operation, f"server reflection sent more than {MAX_FILES} files")

    def _missing(self) -> set[str]:
        """Imports that nobody has yet, asked for once."""
        imported = {name for file in self._files.values() for name in file.dependency}
        return {name for name in imported - self._files.keys() - self._absent if bundled_file(name) is None}
