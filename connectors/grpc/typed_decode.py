"""Messages to the records of forms, by converters generated once for each form. Used through connectors.grpc.schema.

Values are those of connectors.grpc.decode. A form is filled only where the field's type guarantees what the form asks
for: strings for text, integers within bounds, finite numbers; otherwise the form does not fit. Fields that the form
does not ask for are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from msgspec import NODEFAULT, inspect

from connectors.forms import Fills, Form, Members, Unfit, is_rival, members_of
from connectors.grpc.decode import (
    NULL,
    Decoders,
    has_plain_form,
    is_map,
    list_enum_names,
    write_field_code,
    write_raw_code,
)
from connectors.grpc.decode_wellknown import TEXTS, WRAPPERS

_FillForm = Callable[[Message], Any]
_INT32 = frozenset({FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SFIXED32})
_UINT32 = frozenset({FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32})
_INT32_BOUNDS = (-(2**31), 2**31 - 1)
_EXACT = 2**53
"""Up to here every integer is a float, too."""


class FormDecoder:
    """Fills forms from messages of one type: the `fit` of a Reply."""

    def __init__(self, decoders: Decoders, descriptor: Descriptor) -> None:
        self._functions: Fills[_FillForm] = Fills(
            lambda type_, at: _CodeGenerator(decoders).generate(type_, descriptor, at)
        )

    def __call__(self, form: Form, message: Message, at: tuple[str, ...]) -> Any:
        """Fill the form from the part of the message at this path. Raises Unfit."""
        fill = self._functions.of(form, at)
        try:
            return fill(message)
        except (ValueError, KeyError, OverflowError, RecursionError, DecodeError) as error:
            raise Unfit from error


class _CodeGenerator:
    """Writes the functions of one form: `record0` makes a record of a message, `record0s` a list of several."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders
        self._namespace: dict[str, Any] = {"bad": _refuse_value}
        self._lines: list[str] = []
        self._records: dict[tuple[type, str], str] = {}

    def generate(self, type_: inspect.Type, descriptor: Descriptor, at: tuple[str, ...]) -> _FillForm:
        """Generate the function that reads a whole reply. Raises Unfit."""
        members = members_of(type_)
        lines = ["def fill(m):"]
        for step in at[:-1]:
            field = _find_field(descriptor, step)
            if field.message_type is None or field.is_repeated or has_plain_form(field.message_type):
                raise Unfit
            absent = "return None" if inspect.NoneType in members else "bad()"
            lines += [f" if not {self._generate_presence_test(field)}: {absent}", f" m = {write_raw_code(field)}"]
            descriptor = field.message_type
        value = (
            self._generate_value(_find_field(descriptor, at[-1]), type_)
            if at
            else f"{self._generate_record(members, descriptor)}(m)"
        )
        exec("\n".join([*self._lines, *lines, f" return {value}"]), self._namespace)  # noqa: S102 - as in decode
        made: _FillForm = self._namespace["fill"]
        return made

    def _generate_record(self, members: Members, descriptor: Descriptor) -> str:
        """Generate the function that makes a record of a message, and return its name."""
        struct = members.get(inspect.StructType)
        if struct is None or has_plain_form(descriptor):
            raise Unfit
        key = struct.cls, descriptor.full_name
        if key not in self._records:
            name = self._records[key] = f"record{len(self._records)}"
            parts = [text for part in struct.fields if (text := self._generate_part(part, descriptor)) is not None]
            made = f"{self._name_constant(struct.cls)}({', '.join(parts)})"
            self._lines += [f"def {name}(m): return {made}", f"def {name}s(ms): return [{made} for m in ms]"]
        return self._records[key]

    def _generate_part(self, part: inspect.Field, descriptor: Descriptor) -> str | None:
        """Generate the value of one part; None for a rival, which is no part but a name that must be absent."""
        field = descriptor.fields_by_name.get(part.encode_name)
        if is_rival(part):
            if field is not None:
                raise Unfit
            return None
        if field is not None:
            return self._generate_value(field, part.type)
        if part.default is NODEFAULT:
            raise Unfit
        return self._name_constant(part.default)

    def _generate_value(self, field: FieldDescriptor, type_: inspect.Type) -> str:
        """Generate the value of a field of the message `m`."""
        members = members_of(type_)
        if inspect.AnyType in members:
            return f"({write_field_code(field, self._name_constant(self._decoders.get_field_decoder(field)))})"
        if is_map(field):
            raise Unfit
        raw = write_raw_code(field)
        if field.is_repeated:
            return self._generate_list(field, members, raw)
        if not field.has_presence or field.has_default_value:
            return self._generate_single(field, members, raw)
        absent = "None" if inspect.NoneType in members else "bad()"
        return f"({self._generate_single(field, members, raw)} if {self._generate_presence_test(field)} else {absent})"

    def _generate_list(self, field: FieldDescriptor, members: Members, raw: str) -> str:
        listed = members.get(inspect.ListType)
        if listed is None or listed != inspect.ListType(listed.item_type):
            raise Unfit
        items = members_of(listed.item_type)
        if inspect.AnyType in items:
            return write_field_code(field, self._name_constant(self._decoders.get_field_decoder(field)))
        if field.message_type is not None and inspect.StructType in items:
            return f"{self._generate_record(items, field.message_type)}s({raw})"
        item = self._generate_single(field, items, "x")
        return f"{raw}[:]" if item == "x" else f"[{item} for x in {raw}]"

    def _generate_single(self, field: FieldDescriptor, members: Members, raw: str) -> str:
        """Generate the expression `raw` converted to one of the types."""
        if field.message_type is not None:
            return self._generate_message(field.message_type, members, raw)
        if field.enum_type is not None:
            return self._generate_enum(field, members, raw)
        if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            _require_type(members, inspect.StrType)
            return raw if field.type == FieldDescriptor.TYPE_STRING else self._generate_conversion(field, raw)
        if field.type == FieldDescriptor.TYPE_BOOL:
            _require_type(members, inspect.BoolType)
            return raw
        if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
            bounds = _get_float_bounds(members)
            text = f"v if {bounds[0]} < (v := {raw}) < {bounds[1]}" if bounds else f"v if (v := {raw}) - v == 0"
            bounded = f"({text} else bad())"
            return bounded if field.type == FieldDescriptor.TYPE_DOUBLE else self._generate_conversion(field, bounded)
        return _generate_integer(field, members, raw)

    def _generate_message(self, descriptor: Descriptor, members: Members, raw: str) -> str:
        if descriptor.full_name in WRAPPERS:
            return self._generate_single(descriptor.fields_by_name["value"], members, f"{raw}.value")
        if descriptor.full_name in TEXTS:
            _require_type(members, inspect.StrType)
            return f"{self._name_constant(self._decoders.get_decoder(descriptor))}({raw})"
        return f"{self._generate_record(members, descriptor)}({raw})"

    def _generate_enum(self, field: FieldDescriptor, members: Members, raw: str) -> str:
        """Generate the name of an enum value. A number without a name raises KeyError."""
        assert field.enum_type is not None
        _require_type(members, inspect.StrType)
        if field.enum_type.full_name == NULL:
            raise Unfit
        return f"{self._name_constant(list_enum_names(field.enum_type))}[{raw}]"

    def _generate_conversion(self, field: FieldDescriptor, raw: str) -> str:
        return f"{self._name_constant(self._decoders.get_field_decoder(field))}({raw})"

    def _generate_presence_test(self, field: FieldDescriptor) -> str:
        assert field.containing_type is not None
        # Unbound, because a message looks up a method more slowly than it checks a field.
        return f"{self._name_constant(GetMessageClass(field.containing_type).HasField)}(m, {field.name!r})"

    def _name_constant(self, value: Any) -> str:
        """Put a value into the namespace of the generated functions and return its name there."""
        if value is None:
            return "None"
        name = f"c{len(self._namespace)}"
        self._namespace[name] = value
        return name


def _generate_integer(field: FieldDescriptor, members: Members, raw: str) -> str:
    """Bound an integer by the form's bounds, or, where the form wants a float, by what a float represents exactly."""
    if inspect.IntType in members:
        least, most = members[inspect.IntType].ge, members[inspect.IntType].le
        _require_type(members, inspect.IntType, ge=least, le=most)
        if (least is None and most is None) or ((least, most) == _INT32_BOUNDS and field.type in _INT32):
            return raw
        if least is None or most is None:
            raise Unfit
        return f"(v if {least} <= (v := {raw}) <= {most} else bad())"
    above, below = _get_float_bounds(members) or (-_EXACT - 1, _EXACT + 1)
    above, below = max(above, -_EXACT - 1), min(below, _EXACT + 1)
    if field.type in _INT32 | _UINT32 and above < -(2**31) and below >= 2**32:
        return f"float({raw})"
    return f"(float(v) if {above} < (v := {raw}) < {below} else bad())"


def _get_float_bounds(members: Members) -> tuple[float, float] | None:
    """Get the bounds between which floats must lie; None when there are none."""
    type_ = members.get(inspect.FloatType)
    if type_ is None or type_.gt is None or type_.lt is None:
        _require_type(members, inspect.FloatType)
        return None
    _require_type(members, inspect.FloatType, gt=type_.gt, lt=type_.lt)
    return type_.gt, type_.lt


def _require_type(members: Members, kind: type[inspect.Type], **constraints: Any) -> None:
    """Raise Unfit unless the form asks for this type with just these constraints."""
    if members.get(kind) != kind(**constraints):
        raise Unfit


def _find_field(descriptor: Descriptor, name: str) -> FieldDescriptor:
    if name not in descriptor.fields_by_name or has_plain_form(descriptor):
        raise Unfit
    return descriptor.fields_by_name[name]


def _refuse_value() -> NoReturn:
    raise Unfit
