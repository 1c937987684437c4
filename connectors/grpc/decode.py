"""Messages to plain Python, by decoders compiled once per message type. Used through connectors.grpc.schema.

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
from google.protobuf.message_factory import GetMessageClass

from connectors.grpc.decode_wellknown import DECODERS, WRAPPERS

Decode = Callable[[Any], Any]
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


class Decoders:
    """The decoders of one descriptor pool, each compiled when first needed."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool
        self._decoders: dict[str, Decode] = {}

    def get_decoder(self, descriptor: Descriptor) -> Decode:
        """Get the decoder of a message type. It raises ValueError or RecursionError."""
        name = descriptor.full_name
        if name not in self._decoders:
            if name == "google.protobuf.Any":
                self._decoders[name] = self._decode_any
            elif name in DECODERS:
                self._decoders[name] = DECODERS[name]
            elif name in WRAPPERS:
                self._decoders[name] = self._make_wrapper_decoder(descriptor)
            else:
                self._compile_message(descriptor)
        return self._decoders[name]

    def _compile_message(self, descriptor: Descriptor) -> None:
        """A message as a dict: one generated expression, `{"sku": m.sku, "was": m.was if m.HasField("was") else None}`.

        Generated, because looping over the fields takes more than twice as long.
        """
        entries = ", ".join(
            f"{field.name!r}: {write_field_code(field, _name_decoder(field))}" for field in descriptor.fields
        )
        namespace: dict[str, Any] = {}
        exec(f"def read(m): return {{{entries}}}", namespace)  # noqa: S102 - as dataclasses and namedtuples are made
        self._decoders[descriptor.full_name] = namespace["read"]
        for field in descriptor.fields:  # only now: types may contain themselves
            namespace[_name_decoder(field)] = self.get_field_decoder(field)

    def get_field_decoder(self, field: FieldDescriptor) -> Decode | None:
        """Get the decoder of a whole map, or of one value of any other field; None when the raw value is plain."""
        return self._make_map_decoder(field) if is_map(field) else self._make_value_decoder(field)

    def _make_value_decoder(self, field: FieldDescriptor) -> Decode | None:
        if field.message_type is not None:
            return self.get_decoder(field.message_type)
        if field.enum_type is not None:
            return _make_enum_decoder(field.enum_type)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return encode_base64
        if field.type == FieldDescriptor.TYPE_FLOAT:
            return shorten_float
        return None

    def _make_map_decoder(self, field: FieldDescriptor) -> Decode:
        """Make the decoder of a map: a dict whose keys are text, as in JSON."""
        assert field.message_type is not None
        entry = field.message_type.fields_by_name
        key = {FieldDescriptor.TYPE_STRING: None, FieldDescriptor.TYPE_BOOL: _name_bool}.get(entry["key"].type, str)
        value = self._make_value_decoder(entry["value"])

        def decode_map(raw: Mapping[Any, Any]) -> dict[str, Any]:
            pairs: Iterable[tuple[Any, Any]] = raw.items()
            if key is not None:
                pairs = [(key(name), item) for name, item in pairs]
            return {name: value(item) for name, item in pairs} if value is not None else dict(pairs)

        return decode_map

    def _make_wrapper_decoder(self, descriptor: Descriptor) -> Decode:
        read = self._make_value_decoder(descriptor.fields_by_name["value"])
        return (lambda message: message.value) if read is None else (lambda message: read(message.value))

    def _decode_any(self, message: Any) -> dict[str, Any]:
        """Decode an Any as `{"@type": ..., fields}`; a type with a plain form, or an unknown one, as `value`."""
        name = message.type_url.rpartition("/")[2]
        try:
            descriptor = self._pool.FindMessageTypeByName(name)
        except KeyError:
            return {"@type": message.type_url, "value": encode_base64(message.value)} if message.type_url else {}
        data = self.get_decoder(descriptor)(GetMessageClass(descriptor).FromString(message.value))
        if has_plain_form(descriptor):
            return {"@type": message.type_url, "value": data}
        return {"@type": message.type_url, **data}


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is declared as `map<..., ...>`."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def has_plain_form(descriptor: Descriptor) -> bool:
    """Whether a message is written as something else than a dict of its fields."""
    return (
        descriptor.full_name in DECODERS
        or descriptor.full_name in WRAPPERS
        or descriptor.full_name == "google.protobuf.Any"
    )


def encode_base64(value: bytes) -> str:
    """Encode bytes as standard base64."""
    return base64.b64encode(value).decode()


def shorten_float(value: float) -> float:
    """Find the shortest decimal that names the same 32-bit float: 9.99 and not 9.989999771118164."""
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


def list_enum_names(enum: EnumDescriptor) -> dict[int, str]:
    """Map each number to its name: the first declared where there are several."""
    return {value.number: value.name for value in reversed(enum.values)}


def _make_enum_decoder(enum: EnumDescriptor) -> Decode:
    if enum.full_name == NULL:
        return lambda number: None
    return _Names(list_enum_names(enum)).__getitem__


def write_field_code(field: FieldDescriptor, decoder: str) -> str:
    """Write Python that reads one field of the message `m` and calls `decoder` where the raw value is not plain."""
    raw = write_raw_code(field)
    if is_map(field):
        return f"{decoder}({raw})"
    if field.is_repeated:
        return f"{raw}[:]" if _is_plain(field) else f"[{decoder}(item) for item in {raw}]"
    value = raw if _is_plain(field) else f"{decoder}({raw})"
    if field.has_presence and not field.has_default_value:
        return f"{value} if m.HasField({field.name!r}) else None"
    return value


def write_raw_code(field: FieldDescriptor) -> str:
    """Write Python that takes the raw value of one field out of the message `m`."""
    # Names come from the upstream. protobuf accepts more than identifiers; only an identifier may become code.
    is_safe = field.name.isidentifier() and not iskeyword(field.name)
    return f"m.{field.name}" if is_safe else f"getattr(m, {field.name!r})"


def _name_decoder(field: FieldDescriptor) -> str:
    return f"read_{field.number}"


def _is_plain(field: FieldDescriptor) -> bool:
    """Whether protobuf itself gives a value in plain Python."""
    return field.type not in _CONVERTED


def _name_bool(key: bool) -> str:
    return "true" if key else "false"
