"""Messages to the records of forms, by converters generated once for each form. Used through connectors.grpc.schema.

Records hold what connectors.grpc.decode gives. What a form takes of a field must be sure to be just that: strings for
text, integers within bounds, numbers that are finite; a form that wants more of a field than that does not fit. Fields
that no form wants are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from msgspec import NODEFAULT, inspect

from connectors.forms import Fills, Form, Members, Unfit, is_rival, members_of
from connectors.grpc.decode import NULL, Readers, enum_names, expression, has_plain_form, is_map, raw_of
from connectors.grpc.wellknown import TEXTS, WRAPPERS

_Fill = Callable[[Message], Any]
_INT32 = frozenset({FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SFIXED32})
_UINT32 = frozenset({FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32})
_INT32_BOUNDS = (-(2**31), 2**31 - 1)
_EXACT = 2**53
"""Up to here every integer is a float, too."""


class Fitter:
    """Fills forms from messages of one type: `fit` of a Reply."""

    def __init__(self, readers: Readers, descriptor: Descriptor) -> None:
        self._fills: Fills[_Fill] = Fills(lambda type_, at: _Writer(readers).fill(type_, descriptor, at))

    def __call__(self, form: Form, message: Message, at: tuple[str, ...]) -> Any:
        """What the form wants of the message at this path. Raises Unfit."""
        fill = self._fills.of(form, at)
        try:
            return fill(message)
        except (ValueError, KeyError, OverflowError, RecursionError, DecodeError) as error:
            raise Unfit from error


class _Writer:
    """Writes the functions of one form: `record0` makes a record of a message, `record0s` a list of several."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._namespace: dict[str, Any] = {"bad": _bad}
        self._lines: list[str] = []
        self._records: dict[tuple[type, str], str] = {}

    def fill(self, type_: inspect.Type, descriptor: Descriptor, at: tuple[str, ...]) -> _Fill:
        """The function that reads a whole reply. Raises Unfit."""
        members = members_of(type_)
        lines = ["def fill(m):"]
        for step in at[:-1]:
            field = _field(descriptor, step)
            if field.message_type is None or field.is_repeated or has_plain_form(field.message_type):
                raise Unfit
            absent = "return None" if inspect.NoneType in members else "bad()"
            lines += [f" if not {self._is_there(field)}: {absent}", f" m = {raw_of(field)}"]
            descriptor = field.message_type
        value = self._value(_field(descriptor, at[-1]), type_) if at else f"{self._record(members, descriptor)}(m)"
        exec("\n".join([*self._lines, *lines, f" return {value}"]), self._namespace)  # noqa: S102 - as in reading
        made: _Fill = self._namespace["fill"]
        return made

    def _record(self, members: Members, descriptor: Descriptor) -> str:
        """The name of the function that makes a record of a message."""
        struct = members.get(inspect.StructType)
        if struct is None or has_plain_form(descriptor):
            raise Unfit
        key = struct.cls, descriptor.full_name
        if key not in self._records:
            name = self._records[key] = f"record{len(self._records)}"
            parts = [text for part in struct.fields if (text := self._part(part, descriptor)) is not None]
            made = f"{self._constant(struct.cls)}({', '.join(parts)})"
            self._lines += [f"def {name}(m): return {made}", f"def {name}s(ms): return [{made} for m in ms]"]
        return self._records[key]

    def _part(self, part: inspect.Field, descriptor: Descriptor) -> str | None:
        """The value of one part; None for what is not a part, but a name that must not be there."""
        field = descriptor.fields_by_name.get(part.encode_name)
        if is_rival(part):
            if field is not None:
                raise Unfit
            return None
        if field is not None:
            return self._value(field, part.type)
        if part.default is NODEFAULT:
            raise Unfit
        return self._constant(part.default)

    def _value(self, field: FieldDescriptor, type_: inspect.Type) -> str:
        """The value of a field of the message `m`."""
        members = members_of(type_)
        if inspect.AnyType in members:
            return f"({expression(field, self._constant(self._readers.reader(field)))})"
        if is_map(field):
            raise Unfit
        raw = raw_of(field)
        if field.is_repeated:
            return self._list(field, members, raw)
        if not field.has_presence or field.has_default_value:
            return self._single(field, members, raw)
        absent = "None" if inspect.NoneType in members else "bad()"
        return f"({self._single(field, members, raw)} if {self._is_there(field)} else {absent})"

    def _list(self, field: FieldDescriptor, members: Members, raw: str) -> str:
        listed = members.get(inspect.ListType)
        if listed is None or listed != inspect.ListType(listed.item_type):
            raise Unfit
        items = members_of(listed.item_type)
        if inspect.AnyType in items:
            return expression(field, self._constant(self._readers.reader(field)))
        if field.message_type is not None and inspect.StructType in items:
            return f"{self._record(items, field.message_type)}s({raw})"
        item = self._single(field, items, "x")
        return f"{raw}[:]" if item == "x" else f"[{item} for x in {raw}]"

    def _single(self, field: FieldDescriptor, members: Members, raw: str) -> str:
        """What the text `raw` reads, as one of the types."""
        if field.message_type is not None:
            return self._message(field.message_type, members, raw)
        if field.enum_type is not None:
            return self._enum(field, members, raw)
        if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            _needed(members, inspect.StrType)
            return raw if field.type == FieldDescriptor.TYPE_STRING else self._read(field, raw)
        if field.type == FieldDescriptor.TYPE_BOOL:
            _needed(members, inspect.BoolType)
            return raw
        if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
            bounds = _float_bounds(members)
            text = f"v if {bounds[0]} < (v := {raw}) < {bounds[1]}" if bounds else f"v if (v := {raw}) - v == 0"
            bounded = f"({text} else bad())"
            return bounded if field.type == FieldDescriptor.TYPE_DOUBLE else self._read(field, bounded)
        return _integer(field, members, raw)

    def _message(self, descriptor: Descriptor, members: Members, raw: str) -> str:
        if descriptor.full_name in WRAPPERS:
            return self._single(descriptor.fields_by_name["value"], members, f"{raw}.value")
        if descriptor.full_name in TEXTS:
            _needed(members, inspect.StrType)
            return f"{self._constant(self._readers.of(descriptor))}({raw})"
        return f"{self._record(members, descriptor)}({raw})"

    def _enum(self, field: FieldDescriptor, members: Members, raw: str) -> str:
        """The value's name. A number without one is a KeyError."""
        assert field.enum_type is not None
        _needed(members, inspect.StrType)
        if field.enum_type.full_name == NULL:
            raise Unfit
        return f"{self._constant(enum_names(field.enum_type))}[{raw}]"

    def _read(self, field: FieldDescriptor, raw: str) -> str:
        return f"{self._constant(self._readers.reader(field))}({raw})"

    def _is_there(self, field: FieldDescriptor) -> str:
        assert field.containing_type is not None
        # Unbound, because looking up a method takes a message longer than telling whether a field is there.
        return f"{self._constant(GetMessageClass(field.containing_type).HasField)}(m, {field.name!r})"

    def _constant(self, value: Any) -> str:
        """A name for something that the functions use."""
        if value is None:
            return "None"
        name = f"c{len(self._namespace)}"
        self._namespace[name] = value
        return name


def _integer(field: FieldDescriptor, members: Members, raw: str) -> str:
    """Bounded by the type it has as GraphQL's Int, and by what a float can tell apart as GraphQL's Float."""
    if inspect.IntType in members:
        least, most = members[inspect.IntType].ge, members[inspect.IntType].le
        _needed(members, inspect.IntType, ge=least, le=most)
        if (least is None and most is None) or ((least, most) == _INT32_BOUNDS and field.type in _INT32):
            return raw
        if least is None or most is None:
            raise Unfit
        return f"(v if {least} <= (v := {raw}) <= {most} else bad())"
    above, below = _float_bounds(members) or (-_EXACT - 1, _EXACT + 1)
    above, below = max(above, -_EXACT - 1), min(below, _EXACT + 1)
    if field.type in _INT32 | _UINT32 and above < -(2**31) and below >= 2**32:
        return f"float({raw})"
    return f"(float(v) if {above} < (v := {raw}) < {below} else bad())"


def _float_bounds(members: Members) -> tuple[float, float] | None:
    """What floats must lie between, where that is bounded."""
    type_ = members.get(inspect.FloatType)
    if type_ is None or type_.gt is None or type_.lt is None:
        _needed(members, inspect.FloatType)
        return None
    _needed(members, inspect.FloatType, gt=type_.gt, lt=type_.lt)
    return type_.gt, type_.lt


def _needed(members: Members, kind: type[inspect.Type], **constraints: Any) -> None:
    """Raises Unfit where what is wanted is none of this kind, or one with other constraints."""
    if members.get(kind) != kind(**constraints):
        raise Unfit


def _field(descriptor: Descriptor, name: str) -> FieldDescriptor:
    if name not in descriptor.fields_by_name or has_plain_form(descriptor):
        raise Unfit
    return descriptor.fields_by_name[name]


def _bad() -> NoReturn:
    raise Unfit
