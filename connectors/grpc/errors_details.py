"""The rich error model of gRPC: google.rpc.Status in the trailers, as records of connectors.error_details.

Sources: google/rpc/status.proto and google/rpc/error_details.proto; gRPC "Richer error model", which sends the status
in the trailer `grpc-status-details-bin`. The messages are described here, so that no package of them is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from connectors import error_details as records
from connectors.error_violations import split_field

TRAILER = "grpc-status-details-bin"
MAX_DETAILS = 100

DecodeAny = Callable[[str, bytes], Any]
"""A message by its full name as plain Python. Raises LookupError for a type that is not known."""

_MESSAGES: Mapping[str, tuple[str, ...]] = {
    "Status": ("code int32", "message", "details *google.protobuf.Any"),
    "ErrorInfo": ("reason", "domain", "metadata *MetadataEntry"),
    "MetadataEntry": ("key", "value"),  # of a map, which is a repeated pair on the wire
    "RetryInfo": ("retry_delay google.protobuf.Duration",),
    "DebugInfo": ("stack_entries *", "detail"),
    "QuotaFailure": ("violations *QuotaViolation",),
    "QuotaViolation": ("subject", "description"),
    "PreconditionFailure": ("violations *PreconditionViolation",),
    "PreconditionViolation": ("type", "subject", "description"),
    "BadRequest": ("field_violations *FieldViolation",),
    "FieldViolation": ("field", "description", "reason"),
    "RequestInfo": ("request_id", "serving_data"),
    "ResourceInfo": ("resource_type", "resource_name", "owner", "description"),
    "Help": ("links *Link",),
    "Link": ("description", "url"),
    "LocalizedMessage": ("locale", "message"),
}
"""Each message with its fields in the order of their numbers: texts, unless a type follows; `*` marks repeated ones."""
_CLASSES: Mapping[str, type[Any]] = {
    "QuotaViolation": records.Violation,
    "PreconditionViolation": records.Violation,
    **{name: getattr(records, name) for name in _MESSAGES if hasattr(records, name)},
}


class RichStatus:
    """What a google.rpc.Status holds; `details` is empty where the trailer cannot be read."""

    __slots__ = ("body", "details")

    def __init__(self, details: tuple[Any, ...], body: dict[str, Any] | None) -> None:
        self.details = details
        self.body = body
        """The status as plain Python, with the names of the proto files."""

    @property
    def retry_delay(self) -> float | None:
        """Seconds of a RetryInfo."""
        return next((each.retry_delay for each in self.details if isinstance(each, records.RetryInfo)), None)


def parse_status(trailer: bytes, decode_any: DecodeAny) -> RichStatus:
    """Parse the trailer. Never raises: what cannot be parsed becomes an AnyDetail with its bytes."""
    try:
        status: Any = _find_class("Status").FromString(trailer)
    except DecodeError:
        return RichStatus((records.AnyDetail("google.rpc.Status", trailer),), None)
    details = tuple(_parse_detail(each, decode_any) for each in status.details[:MAX_DETAILS])
    names = [each.type_url.rpartition("/")[2] for each in status.details[:MAX_DETAILS]]
    body = {
        "code": status.code,
        "message": status.message,
        "details": [_to_plain(name, each) for name, each in zip(names, details, strict=True)],
    }
    return RichStatus(details, body)


def _parse_detail(packed: any_pb2.Any, decode_any: DecodeAny) -> Any:
    name = packed.type_url.rpartition("/")[2]
    package, _, short = name.rpartition(".")
    try:
        if package == "google.rpc" and short in _CLASSES:
            return _to_record(_find_class(short).FromString(packed.value))
        return records.AnyDetail(name, decode_any(name, packed.value))
    except Exception:  # noqa: BLE001 - an upstream's own type may fail in any way; the status itself must arrive
        return records.AnyDetail(name, packed.value)


def _to_record(message: Message) -> Any:
    """The record of a message, by equal names of fields."""
    name = message.DESCRIPTOR.name
    values = {field.name: getattr(message, field.name) for field in message.DESCRIPTOR.fields}
    if name == "ErrorInfo":
        values["metadata"] = {each.key: each.value for each in values["metadata"]}
    record = _CLASSES[name](**{field: _to_value(value) for field, value in values.items()})
    return replace(record, path=split_field(record.field)) if name == "FieldViolation" else record


def _to_value(value: Any) -> Any:
    if isinstance(value, str | dict):
        return value
    if isinstance(value, Message):  # a Duration is the only one
        return max(0.0, getattr(value, "seconds", 0) + getattr(value, "nanos", 0) / 1e9)
    return tuple(each if isinstance(each, str) else _to_record(each) for each in value)


def _to_plain(name: str, record: Any) -> dict[str, Any]:
    if not isinstance(record, records.AnyDetail):
        return {"@type": name, **_record_to_plain(record)}
    if isinstance(record.data, dict):
        return {"@type": name, **record.data}
    return {"@type": name} if isinstance(record.data, bytes) else {"@type": name, "value": record.data}


def _record_to_plain(record: Any) -> Any:
    if isinstance(record, tuple):
        return [_record_to_plain(each) for each in record]
    if not is_dataclass(record):
        return record
    return {each.name: _record_to_plain(getattr(record, each.name)) for each in fields(record) if each.name != "path"}


@cache
def _find_class(name: str) -> type[Message]:
    return GetMessageClass(_build_pool().FindMessageTypeByName(f"google.rpc.{name}"))


@cache
def _build_pool() -> DescriptorPool:
    """The types in a pool of their own: an upstream may have other ones of the same names in its pool."""
    pool = DescriptorPool()
    file = FileDescriptorProto(name="google/rpc/status_and_details.proto", package="google.rpc", syntax="proto3")
    for module in (any_pb2, duration_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        file.dependency.append(module.DESCRIPTOR.name)
    for name, texts in _MESSAGES.items():
        file.message_type.append(
            DescriptorProto(name=name, field=map(_describe_field, texts, range(1, 1 + len(texts))))
        )
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _describe_field(text: str, number: int) -> FieldDescriptorProto:
    name, _, type_ = text.partition(" ")
    kinds = FieldDescriptorProto
    field = kinds(name=name, number=number, label=kinds.LABEL_REPEATED if type_[:1] == "*" else kinds.LABEL_OPTIONAL)
    match type_.removeprefix("*"):
        case "":
            field.type = kinds.TYPE_STRING
        case "int32":
            field.type = kinds.TYPE_INT32
        case message:
            field.type = kinds.TYPE_MESSAGE
            field.type_name = f".{message}" if "." in message else f".google.rpc.{message}"
    return field
