"""Messages to plain Python, by converters made once per message type. Used through connectors.grpc.schema.

Field names are the proto's own. Enums are names, 64-bit integers are ints, bytes are base64; what has presence and is
not set is None; google.protobuf's own types are as in ProtoJSON (https://protobuf.dev/programming-guides/json).
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from keyword import iskeyword
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from connectors.aio import cooperative
from connectors.grpc.wellknown import READ, WRAPPERS

Read = Callable[[Any], Any]
_CONVERTED = frozenset(
    {
        FieldDescriptor.TYPE_MESSAGE,
        FieldDescriptor.TYPE_GROUP,
        FieldDescriptor.TYPE_ENUM,
        FieldDescriptor.TYPE_BYTES,
        FieldDescriptor.TYPE_FLOAT,
    }
)
NULL = "google.protobuf.NullValue"
"""The enum whose one value is None."""
_FLOAT = struct.Struct("f")


class Readers:
    """The converters of one descriptor pool."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool
        self._readers: dict[str, Read] = {}

    def of(self, descriptor: Descriptor) -> Read:
        """The converter of a message type. It raises ValueError or RecursionError for what has no plain form."""
        name = descriptor.full_name
        if name not in self._readers:
            if name == "google.protobuf.Any":
                self._readers[name] = self._read_any
            elif name in READ:
                self._readers[name] = READ[name]
            elif name in WRAPPERS:
                self._readers[name] = self._wrapper(descriptor)
            else:
                self._add_record(descriptor)
        return self._readers[name]

    async def in_slices(self, message: Message) -> Any:
        """What the converter of its type makes of a message, with turns for others within long lists."""
        descriptor: Any = message.DESCRIPTOR
        if has_plain_form(descriptor):
            return self.of(descriptor)(message)
        return {field.name: await self._field_in_turns(field, message) for field in descriptor.fields}

    async def _field_in_turns(self, field: FieldDescriptor, message: Message) -> Any:
        if field.message_type is None or is_map(field):
            source = f"lambda m: {expression(field, 'read')}"
            return eval(source, {"read": self.reader(field)})(message)  # noqa: S307 - as below
        value = getattr(message, field.name)
        if not field.is_repeated:
            return await self.in_slices(value) if message.HasField(field.name) else None
        read, items = self.of(field.message_type), []
        for rows in cooperative.slices(len(value)):
            await cooperative.yield_to_loop()
            items += [read(item) for item in value[rows.start : rows.stop]]
        return items

    def _add_record(self, descriptor: Descriptor) -> None:
        """A message as a dict: one generated expression, `{"sku": m.sku, "was": m.was if m.HasField("was") else None}`.

        Generated, because looping over the fields takes more than twice as long.
        """
        entries = ", ".join(f"{field.name!r}: {expression(field, _reader(field))}" for field in descriptor.fields)
        namespace: dict[str, Any] = {}
        exec(f"def read(m): return {{{entries}}}", namespace)  # noqa: S102 - as dataclasses and namedtuples are made
        self._readers[descriptor.full_name] = namespace["read"]
        for field in descriptor.fields:  # only now: types may contain themselves
            namespace[_reader(field)] = self.reader(field)

    def reader(self, field: FieldDescriptor) -> Read | None:
        """How to read a whole map, or else one value of a field; None when it already is plain."""
        return self._map(field) if is_map(field) else self._single(field)

    def _single(self, field: FieldDescriptor) -> Read | None:
        if field.message_type is not None:
            return self.of(field.message_type)
        if field.enum_type is not None:
            return _enum(field.enum_type)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return bytes_to_text
        if field.type == FieldDescriptor.TYPE_FLOAT:
            return shortest
        return None

    def _map(self, field: FieldDescriptor) -> Read:
        """A map as a dict with text as keys, as in JSON."""
        assert field.message_type is not None
        entry = field.message_type.fields_by_name
        key = {FieldDescriptor.TYPE_STRING: None, FieldDescriptor.TYPE_BOOL: _bool_key}.get(entry["key"].type, str)
        value = self._single(entry["value"])

        def read_map(raw: Mapping[Any, Any]) -> dict[str, Any]:
            pairs: Iterable[tuple[Any, Any]] = raw.items()
            if key is not None:
                pairs = [(key(name), item) for name, item in pairs]
            return {name: value(item) for name, item in pairs} if value is not None else dict(pairs)

        return read_map

    def _wrapper(self, descriptor: Descriptor) -> Read:
        read = self._single(descriptor.fields_by_name["value"])
        return (lambda message: message.value) if read is None else (lambda message: read(message.value))

    def _read_any(self, message: Any) -> dict[str, Any]:
        """`{"@type": ..., fields}`; what has no fields of its own, and what is of an unknown type, as `value`."""
        name = message.type_url.rpartition("/")[2]
        try:
            descriptor = self._pool.FindMessageTypeByName(name)
        except KeyError:
            return {"@type": message.type_url, "value": bytes_to_text(message.value)} if message.type_url else {}
        data = self.of(descriptor)(GetMessageClass(descriptor).FromString(message.value))
        if has_plain_form(descriptor):
            return {"@type": message.type_url, "value": data}
        return {"@type": message.type_url, **data}


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is declared as `map<..., ...>`."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def has_plain_form(descriptor: Descriptor) -> bool:
    """Whether a message is written as something else than a dict of its fields."""
    return (
        descriptor.full_name in READ
        or descriptor.full_name in WRAPPERS
        or descriptor.full_name == "google.protobuf.Any"
    )


def bytes_to_text(value: bytes) -> str:
    """Bytes as standard base64."""
    return base64.b64encode(value).decode()


def shortest(value: float) -> float:
    """The shortest decimal that names the same 32-bit float: 9.99 and not 9.989999771118164."""
    if not math.isfinite(value):
        return value
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        try:
            if _FLOAT.unpack(_FLOAT.pack(short))[0] == value:
                return short
        except OverflowError:  # rounded up beyond the largest float
            continue
    return float(f"{value:.9g}")


class _Names(dict[int, str]):
    """Names of enum numbers, and the number itself where it has none."""

    def __missing__(self, number: int) -> int:
        return number


def enum_names(enum: EnumDescriptor) -> dict[int, str]:
    """The name of each number: the first declared where there are several."""
    return {value.number: value.name for value in reversed(enum.values)}


def _enum(enum: EnumDescriptor) -> Read:
    if enum.full_name == NULL:
        return lambda number: None
    return _Names(enum_names(enum)).__getitem__


def expression(field: FieldDescriptor, reader: str) -> str:
    """Python that reads one field of the message `m`, calling `reader` where the raw value is not plain yet."""
    raw = raw_of(field)
    if is_map(field):
        return f"{reader}({raw})"
    if field.is_repeated:
        return f"{raw}[:]" if _is_plain(field) else f"[{reader}(item) for item in {raw}]"
    value = raw if _is_plain(field) else f"{reader}({raw})"
    if field.has_presence and not field.has_default_value:
        return f"{value} if m.HasField({field.name!r}) else None"
    return value


def raw_of(field: FieldDescriptor) -> str:
    """Python that takes the raw value of one field out of the message `m`."""
    # Names come from outside: whatever protobuf lets pass, nothing but an identifier becomes code.
    is_safe = field.name.isidentifier() and not iskeyword(field.name)
    return f"m.{field.name}" if is_safe else f"getattr(m, {field.name!r})"


def _reader(field: FieldDescriptor) -> str:
    return f"read_{field.number}"


def _is_plain(field: FieldDescriptor) -> bool:
    """Whether protobuf itself gives a value in plain Python."""
    return field.type not in _CONVERTED


def _bool_key(key: bool) -> str:
    return "true" if key else "false"
