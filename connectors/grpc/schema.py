"""The services and messages of one upstream: its methods, and how their messages are encoded and decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from connectors.contract import Fit
from connectors.errors import DefinitionError
from connectors.grpc.decode import Decoders
from connectors.grpc.decode_scan import Layouts, Scan
from connectors.grpc.encode import Encoders
from connectors.grpc.operations import RpcOperation
from connectors.grpc.schema_description import ProtoDescription
from connectors.grpc.schema_descriptors import build_pool
from connectors.grpc.typed_decode import FormDecoder


@dataclass(frozen=True, slots=True)
class Method:
    """One method that can be called."""

    path: str
    """As it stands in the HTTP/2 request: `/shop.Pricing/GetPrices`."""
    encode: Callable[[Any], bytes]
    """Plain data to a serialized request. Raises RequestMismatch."""
    parse: Callable[[bytes], Message]
    """A serialized reply to its message. Raises DecodeError."""
    decode: Callable[[Message], Any]
    """A message as plain data."""
    fill_form: Fit
    """Fills a form from a message."""
    scan: Callable[[bytes, int | None], Scan] | None = None
    """The scan of a serialized reply for at most so many values."""


class Schema:
    """All methods of one upstream, looked up when first called. Never changes."""

    def __init__(self, name: str, files: Iterable[FileDescriptorProto]) -> None:
        files = list(files)
        self._name = name
        self._pool = build_pool(name, files)
        self._services = [
            f"{file.package}.{service.name}" if file.package else service.name
            for file in files
            for service in file.service
        ]
        self._decoders = Decoders(self._pool)
        self._encoders = Encoders(self._pool)
        self._layouts = Layouts(self._pool)

    @property
    def description(self) -> ProtoDescription:
        """For `bff check`."""
        return ProtoDescription(self._find_suitable)

    def find_method(self, operation: RpcOperation) -> Method:
        """Find the method of this operation. Raises DefinitionError with the nearest name when there is none."""
        found = self._find_suitable(operation)
        reply = GetMessageClass(found.output_type)
        return Method(
            path=f"/{operation.name}",
            encode=self._encoders.make_serializer(found.input_type),
            parse=reply.FromString,
            decode=self._decoders.get_decoder(found.output_type),
            fill_form=FormDecoder(self._decoders, found.output_type),
            scan=partial(Scan, self._layouts, self._layouts.get_layout(found.output_type)),
        )

    def _find_suitable(self, operation: RpcOperation) -> MethodDescriptor:
        found = self._find_descriptor(operation)
        if found.client_streaming:
            raise DefinitionError(
                f"{operation.upstream}: {operation.name} takes a stream of requests, which is not supported"
            )
        if found.server_streaming != operation.is_stream:
            right, wrong = ("stream", "unary") if found.server_streaming else ("unary", "stream")
            raise DefinitionError(
                f"{operation.upstream}: {operation.name} is a {right} method; "
                f"define it with .{right}(...) instead of .{wrong}(...)"
            )
        return found

    def decode_any(self, name: str, value: bytes) -> Any:
        """A message of this full name as plain data. Raises KeyError for an unknown one, and what decoding raises."""
        descriptor = self._pool.FindMessageTypeByName(name)
        return self._decoders.get_decoder(descriptor)(GetMessageClass(descriptor).FromString(value))

    def _find_descriptor(self, operation: RpcOperation) -> MethodDescriptor:
        if operation.service not in self._services:
            raise DefinitionError(
                f'{operation.upstream}: there is no service "{operation.service}"'
                f"{_suggest_name(operation.service, self._services)}"
            )
        service = self._pool.FindServiceByName(operation.service)
        if operation.method not in service.methods_by_name:
            raise DefinitionError(
                f'{operation.upstream}: {operation.service} has no method "{operation.method}"'
                f"{_suggest_name(operation.method, list(service.methods_by_name))}"
            )
        return service.methods_by_name[operation.method]


def _suggest_name(name: str, known: list[str]) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f'; did you mean "{nearest[0]}"?' if nearest else f"; known are {', '.join(sorted(known)) or 'none'}"
