"""Plain Python to request messages, by converters made once per message type. Used through connectors.grpc.schema.

Takes what connectors.grpc.decode gives, and a little more: numbers as text (a GraphQL ID is text), enum numbers and
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

from connectors.grpc.decode import has_plain_form, is_map
from connectors.grpc.encode_scalars import Check, check_of, text_from
from connectors.grpc.errors import Unfit, kind_of
from connectors.grpc.wellknown import WRAPPERS, WRITE

Write = Callable[[Any, Any], None]
"""(message to fill, plain data). Raises Unfit."""

_OWN: Mapping[int, type] = {
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
"""Where protobuf checks a value of this type just as we do, and a whole list in a fraction of the time."""


class Writers:
    """The converters of one descriptor pool."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool
        self._writers: dict[str, Write] = {}

    def serializer(self, descriptor: Descriptor) -> Callable[[Any], bytes]:
        """Plain data to the bytes of a message of this type. It raises Unfit."""
        make, write = GetMessageClass(descriptor), self.of(descriptor)

        def serialize(data: Any) -> bytes:
            message = make()
            try:
                write(message, data)
                return message.SerializeToString()
            except RecursionError:
                raise Unfit("is nested too deeply") from None
            except EncodeError as error:  # names required fields, no values
                raise Unfit(str(error)) from None

        return serialize

    def of(self, descriptor: Descriptor) -> Write:
        """The converter of a message type."""
        name = descriptor.full_name
        if name not in self._writers:
            if name == "google.protobuf.Any":
                self._writers[name] = self._write_any
            elif name in WRITE:
                self._writers[name] = WRITE[name]
            elif name in WRAPPERS:
                self._writers[name] = self._field(descriptor.fields_by_name["value"])
            else:
                self._add_record(descriptor)
        return self._writers[name]

    def _add_record(self, descriptor: Descriptor) -> None:
        fields: dict[str, Write] = {}
        choices = {
            field.name: oneof.name for oneof in descriptor.oneofs if len(oneof.fields) > 1 for field in oneof.fields
        }

        def write(message: Message, data: Any) -> None:
            if not isinstance(data, Mapping):
                raise Unfit(f"takes a dict with fields of {descriptor.full_name}, not {kind_of(data)}")
            for name, value in data.items():
                if value is None:
                    continue
                try:
                    if name in choices and message.WhichOneof(choices[name]) is not None:
                        raise Unfit(f'only one of "{choices[name]}" can be given, and there is another already')
                    (fields.get(name) or _unknown(descriptor, name))(message, value)
                except Unfit as unfit:
                    unfit.enter(name)
                    raise

        self._writers[descriptor.full_name] = (
            write  # known before its fields are looked at: types may contain themselves
        )
        fields.update((field.name, self._field(field)) for field in descriptor.fields)

    def _field(self, field: FieldDescriptor) -> Write:
        if is_map(field):
            return self._map(field)
        if field.message_type is not None:
            return (
                _messages(field.name, self.of(field.message_type))
                if field.is_repeated
                else _message(field.name, self.of(field.message_type))
            )
        return _scalars(field) if field.is_repeated else _scalar(field.name, check_of(field))

    def _map(self, field: FieldDescriptor) -> Write:
        assert field.message_type is not None
        entry = field.message_type.fields_by_name
        key_of = check_of(entry["key"])
        inner = entry["value"].message_type
        fill = self.of(inner) if inner is not None else None
        check = check_of(entry["value"]) if inner is None else None

        def write(message: Message, data: Any) -> None:
            if not isinstance(data, Mapping):
                raise Unfit(f"takes a dict, not {kind_of(data)}")
            target = getattr(message, field.name)
            for key, value in data.items():
                try:
                    if fill is not None:
                        fill(target[key_of(key)], value)
                    elif check is not None:
                        target[key_of(key)] = check(value)
                except Unfit as unfit:
                    unfit.enter(key)
                    raise

        return write

    def _write_any(self, message: Any, data: Any) -> None:
        """`{"@type": "type.googleapis.com/package.Message", fields}`, as reading gives it."""
        if not isinstance(data, Mapping) or not isinstance(data.get("@type"), str):
            raise Unfit(f'takes a dict with "@type", not {kind_of(data)}')
        name = text_from(data["@type"]).rpartition("/")[2]
        try:
            descriptor = self._pool.FindMessageTypeByName(name)
        except KeyError:
            raise Unfit(f'the "@type" {name!r} is not among the upstream\'s types') from None
        fields = {key: value for key, value in data.items() if key != "@type"}
        content = self.serializer(descriptor)(fields.get("value") if has_plain_form(descriptor) else fields)
        message.type_url, message.value = data["@type"], content


def _message(name: str, fill: Write) -> Write:
    def write(message: Message, data: Any) -> None:
        inner = getattr(message, name)
        inner.SetInParent()  # an empty message is set, too
        fill(inner, data)

    return write


def _messages(name: str, fill: Write) -> Write:
    def write(message: Message, data: Any) -> None:
        target = getattr(message, name)
        for index, item in enumerate(_listed(data)):
            try:
                fill(target.add(), item)
            except Unfit as unfit:
                unfit.enter(index)
                raise

    return write


def _scalar(name: str, check: Check) -> Write:
    return lambda message, data: setattr(message, name, check(data))


def _scalars(field: FieldDescriptor) -> Write:
    name, check, own = field.name, check_of(field), _OWN.get(field.type)

    def write(message: Message, data: Any) -> None:
        items, target = _listed(data), getattr(message, name)
        if own is not None and set(map(type, items)) == {own}:
            try:
                target.extend(items)
            except ValueError:  # out of range or not Unicode: below it is told which
                message.ClearField(name)
            else:
                return
        checked = []
        for index, item in enumerate(items):
            try:
                checked.append(check(item))
            except Unfit as unfit:
                unfit.enter(index)
                raise
        getattr(message, name).extend(checked)

    return write


def _listed(data: Any) -> Any:
    if not isinstance(data, list | tuple):
        raise Unfit(f"takes a list, not {kind_of(data)}")
    return data


def _unknown(descriptor: Descriptor, name: object) -> Write:
    known = [field.name for field in descriptor.fields]
    nearest = get_close_matches(str(name), known, n=1)
    hint = f'did you mean "{nearest[0]}"?' if nearest else f"it has {', '.join(known) or 'none'}"
    raise Unfit(f"{descriptor.full_name} has no such field; {hint}", is_definition=True)
