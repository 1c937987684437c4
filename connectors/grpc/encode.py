"""Plain Python to request messages, by encoders compiled once per message type. Used through connectors.grpc.schema.

Accepts what connectors.grpc.decode returns, and more: numbers as text (a GraphQL ID is text), enum numbers and
Python enums, datetime and timedelta, bytes. None leaves a field unset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import EncodeError, Message
from google.protobuf.message_factory import GetMessageClass

from connectors.grpc.decode import NULL, has_plain_form, is_map
from connectors.grpc.decode_wellknown import WRAPPERS
from connectors.grpc.encode_scalars import Convert, convert_text, get_converter
from connectors.grpc.encode_wellknown import ENCODERS
from connectors.grpc.errors import RequestMismatch, name_type

Encode = Callable[[Any, Any], None]
"""(message to fill, plain data). Raises RequestMismatch."""

VALUE = "google.protobuf.Value"
"""The message type for which null is a value."""
_CHECKED_BY_PROTOBUF: Mapping[int, type] = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_INT32: int,
    FieldDescriptor.TYPE_SINT32: int,
    FieldDescriptor.TYPE_SFIXED32: int,
    FieldDescriptor.TYPE_INT64: int,
    FieldDescriptor.TYPE_SINT64: int,
    FieldDescriptor.TYPE_SFIXED64: int,
    FieldDescriptor.TYPE_UINT32: int,
    FieldDescriptor.TYPE_FIXED32: int,
    FieldDescriptor.TYPE_UINT64: int,
    FieldDescriptor.TYPE_FIXED64: int,
}
"""Types whose values protobuf checks as we do; it checks a whole list in a fraction of our time."""


class Encoders:
    """The encoders of one descriptor pool, each compiled when first needed."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool
        self._encoders: dict[str, Encode] = {}

    def make_serializer(self, descriptor: Descriptor) -> Callable[[Any], bytes]:
        """Make the function from plain data to the bytes of a message of this type. It raises RequestMismatch."""
        make, encode = GetMessageClass(descriptor), self.get_encoder(descriptor)

        def serialize(data: Any) -> bytes:
            message = make()
            try:
                encode(message, data)
                return message.SerializeToString()
            except RecursionError:
                raise RequestMismatch("is nested too deeply") from None
            except EncodeError as error:  # names required fields, no values
                raise RequestMismatch(str(error)) from None

        return serialize

    def get_encoder(self, descriptor: Descriptor) -> Encode:
        """Get the encoder of a message type."""
        name = descriptor.full_name
        if name not in self._encoders:
            if name == "google.protobuf.Any":
                self._encoders[name] = self._encode_any
            elif name in ENCODERS:
                self._encoders[name] = ENCODERS[name]
            elif name in WRAPPERS:
                self._encoders[name] = self._make_field_encoder(descriptor.fields_by_name["value"])
            else:
                self._compile_message(descriptor)
        return self._encoders[name]

    def _compile_message(self, descriptor: Descriptor) -> None:
        fields: dict[str, Encode] = {}
        choices = {
            name: oneof.name
            for oneof in descriptor.oneofs
            if len(oneof.fields) > 1
            for field in oneof.fields
            for name in (field.name, field.json_name)
        }

        nullable = {
            name
            for field in descriptor.fields
            if not field.is_repeated and (_is_of(field, VALUE) or (_is_of(field, NULL) and field.has_presence))
            for name in (field.name, field.json_name)
        }
        aliases = {field.json_name: field.name for field in descriptor.fields if field.json_name != field.name}
        for field in descriptor.fields:
            aliases.pop(field.name, None)  # the name of another field

        def encode(message: Message, data: Any) -> None:
            if not isinstance(data, Mapping):
                raise RequestMismatch(f"takes a dict with fields of {descriptor.full_name}, not {name_type(data)}")
            for name, value in data.items():
                if value is None and name not in nullable:
                    continue
                try:
                    if name in aliases and aliases[name] in data:
                        raise RequestMismatch(f'is the field "{aliases[name]}", which is given too')
                    if name in choices and message.WhichOneof(choices[name]) is not None:
                        raise RequestMismatch(f'only one field of "{choices[name]}" can be set, and another one is set')
                    (fields.get(name) or _refuse_unknown_field(descriptor, name))(message, value)
                except RequestMismatch as mismatch:
                    mismatch.add_outer_step(name)
                    raise

        self._encoders[descriptor.full_name] = encode  # before its fields are made: types may contain themselves
        fields.update((field.name, self._make_field_encoder(field)) for field in descriptor.fields)
        for field in descriptor.fields:  # a name of GraphQL, such as productId for product_id
            fields.setdefault(field.json_name, fields[field.name])

    def _make_field_encoder(self, field: FieldDescriptor) -> Encode:
        if is_map(field):
            return self._make_map_encoder(field)
        if field.message_type is not None:
            make = _make_messages_encoder if field.is_repeated else _make_message_encoder
            return make(field.name, self.get_encoder(field.message_type))
        if field.is_repeated:
            return _make_scalars_encoder(field)
        return _make_scalar_encoder(field.name, get_converter(field))

    def _make_map_encoder(self, field: FieldDescriptor) -> Encode:
        assert field.message_type is not None
        entry = field.message_type.fields_by_name
        convert_key = get_converter(entry["key"])
        inner = entry["value"].message_type
        fill = self.get_encoder(inner) if inner is not None else None
        convert = get_converter(entry["value"]) if inner is None else None

        def encode(message: Message, data: Any) -> None:
            if not isinstance(data, Mapping):
                raise RequestMismatch(f"takes a dict, not {name_type(data)}")
            target = getattr(message, field.name)
            for key, value in data.items():
                try:
                    if fill is not None:
                        fill(target[convert_key(key)], value)
                    elif convert is not None:
                        target[convert_key(key)] = convert(value)
                except RequestMismatch as mismatch:
                    mismatch.add_outer_step(key)
                    raise

        return encode

    def _encode_any(self, message: Any, data: Any) -> None:
        """Fill an Any from `{"@type": "type.googleapis.com/package.Message", fields}`, the form that decode returns."""
        if isinstance(data, Mapping) and not data:
            return  # an Any of nothing
        if not isinstance(data, Mapping) or not isinstance(data.get("@type"), str):
            raise RequestMismatch(f'takes a dict with "@type", not {name_type(data)}')
        name = convert_text(data["@type"]).rpartition("/")[2]
        try:
            descriptor = self._pool.FindMessageTypeByName(name)
        except KeyError:
            raise RequestMismatch(f'the "@type" {name!r} is not among the upstream\'s types') from None
        fields = {key: value for key, value in data.items() if key != "@type"}
        content = self.make_serializer(descriptor)(fields.get("value") if has_plain_form(descriptor) else fields)
        message.type_url, message.value = data["@type"], content


def _is_of(field: FieldDescriptor, name: str) -> bool:
    """Whether a field is of the message or enum type of this name."""
    type_ = field.message_type or field.enum_type
    return type_ is not None and type_.full_name == name


def _make_message_encoder(name: str, fill: Encode) -> Encode:
    def encode(message: Message, data: Any) -> None:
        inner = getattr(message, name)
        inner.SetInParent()  # an empty message is set, too
        fill(inner, data)

    return encode


def _make_messages_encoder(name: str, fill: Encode) -> Encode:
    def encode(message: Message, data: Any) -> None:
        target = getattr(message, name)
        for index, item in enumerate(_check_list(data)):
            try:
                fill(target.add(), item)
            except RequestMismatch as mismatch:
                mismatch.add_outer_step(index)
                raise

    return encode


def _make_scalar_encoder(name: str, convert: Convert) -> Encode:
    return lambda message, data: setattr(message, name, convert(data))


def _make_scalars_encoder(field: FieldDescriptor) -> Encode:
    name, convert, own = field.name, get_converter(field), _CHECKED_BY_PROTOBUF.get(field.type)

    def encode(message: Message, data: Any) -> None:
        items, target = _check_list(data), getattr(message, name)
        if own is not None and set(map(type, items)) == {own}:
            try:
                target.extend(items)
            except ValueError:  # out of range or not Unicode: the loop below finds the item
                message.ClearField(name)
            else:
                return
        checked = []
        for index, item in enumerate(items):
            try:
                checked.append(convert(item))
            except RequestMismatch as mismatch:
                mismatch.add_outer_step(index)
                raise
        getattr(message, name).extend(checked)

    return encode


def _check_list(data: Any) -> Any:
    if not isinstance(data, list | tuple):
        raise RequestMismatch(f"takes a list, not {name_type(data)}")
    return data


def _refuse_unknown_field(descriptor: Descriptor, name: object) -> Encode:
    known = [field.name for field in descriptor.fields]
    nearest = get_close_matches(str(name), known, n=1)
    hint = f'did you mean "{nearest[0]}"?' if nearest else f"it has {', '.join(known) or 'none'}"
    raise RequestMismatch(f"{descriptor.full_name} has no such field; {hint}", is_definition=True)
