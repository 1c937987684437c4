"""Proto files as a Description: methods, request and reply messages. Used through the connector by `bff check`."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from connectors.contract import Operation
from connectors.descriptions import ANYTHING, DataType, RequestUse, Scalar, check_written, list_of
from connectors.grpc.decode import has_plain_form, is_map
from connectors.grpc.operations import RpcOperation
from connectors.messages.templates import Template

_SCALARS: dict[int, Scalar] = {
    FieldDescriptor.TYPE_STRING: "text",
    FieldDescriptor.TYPE_BYTES: "text",
    FieldDescriptor.TYPE_BOOL: "boolean",
    FieldDescriptor.TYPE_DOUBLE: "number",
    FieldDescriptor.TYPE_FLOAT: "number",
}
"""All others but messages and enums are integers."""


class ProtoDescription:
    """Of one upstream. `find_method` raises DefinitionError for a method that is not there."""

    def __init__(self, find_method: Callable[[RpcOperation], MethodDescriptor]) -> None:
        self._find_method = find_method

    def check_request(self, operation: Operation) -> RequestUse:
        """As Description."""
        assert isinstance(operation, RpcOperation)
        type_ = _describe_message(self._find_method(operation).input_type, takes_json_names=True)
        uses = [check_written(each.written, type_, "the request") for each in _list_templates(operation)]
        return RequestUse(
            problems=tuple(dict.fromkeys(problem for use in uses for problem in use.problems)),
            parameters={name: each for use in uses for name, each in use.parameters.items()},
        )

    def describe_reply(self, operation: Operation, *, is_batch: bool) -> DataType:
        """As Description."""
        assert isinstance(operation, RpcOperation)
        return _describe_message(self._find_method(operation).output_type, takes_json_names=False)


def _list_templates(operation: RpcOperation) -> list[Template]:
    if operation.many is None:
        return [operation.request]
    return [operation.many, *([operation.request] if operation.request.written else [])]


def _describe_message(descriptor: Descriptor, *, takes_json_names: bool) -> DataType:
    if has_plain_form(descriptor):
        return ANYTHING

    def describe_fields() -> dict[str, DataType]:
        found = {field.name: _describe_field(field, takes_json_names=takes_json_names) for field in descriptor.fields}
        if takes_json_names:
            for field in descriptor.fields:
                found.setdefault(field.json_name, found[field.name])
        return found

    return DataType(name=f"the message {descriptor.full_name}", fields=describe_fields)


def _describe_field(field: FieldDescriptor, *, takes_json_names: bool) -> DataType:
    if is_map(field):
        return DataType(name=f"the map {field.full_name}", fields=dict, is_open=True)
    single = _describe_value(field, takes_json_names=takes_json_names)
    return list_of(single) if field.is_repeated else single


def _describe_value(field: FieldDescriptor, *, takes_json_names: bool) -> DataType:
    if field.message_type is not None:
        return _describe_message(field.message_type, takes_json_names=takes_json_names)
    if field.enum_type is not None:
        values = tuple(each.name for each in field.enum_type.values)
        return DataType(name=f"the enum {field.enum_type.full_name}", scalar="text", values=values)
    return DataType(name=f"the field {field.full_name}", scalar=_SCALARS.get(field.type, "integer"))
