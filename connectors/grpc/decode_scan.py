"""Counts the values of a large serialized message before it is parsed. Used by decode_reply.

protobuf parses at once and holds the interpreter meanwhile: 230 milliseconds for four million empty messages, which
become hundreds of megabytes of dicts. The wire format is gone through field by field, as the message type nests them;
an Any is unpacked for it.
Source: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError

_STEP: Final = 4_000
"""Fields that are gone through in one go: about a millisecond."""
_PIECE: Final = 65_536
"""Bytes that are at least parsed in one go."""
_MAX_DEPTH: Final = 101
"""One more than protobuf parses."""
_MAX_ANYS: Final = 8
"""Any inside of Any: each holds a copy of those within."""
_VARINT, _FIXED64, _BYTES, _START, _END, _FIXED32 = range(6)
_HIGH: Final = bytes(range(0x80, 0x100))
_PACKED_SIZES = {
    FieldDescriptor.CPPTYPE_FLOAT: 4,
    FieldDescriptor.CPPTYPE_DOUBLE: 8,
}
_FIXED_SIZES = {
    FieldDescriptor.TYPE_FIXED32: 4,
    FieldDescriptor.TYPE_SFIXED32: 4,
    FieldDescriptor.TYPE_FIXED64: 8,
    FieldDescriptor.TYPE_SFIXED64: 8,
}


class TooManyValues(ValueError):
    """A message with more values than are accepted."""


class TooManyAnys(ValueError):
    """A message with too many Any inside of each other."""


class Layout:
    """What is inside of the length-delimited fields of one message type: messages, or packed numbers."""

    __slots__ = ("fields", "is_any")

    def __init__(self, *, is_any: bool) -> None:
        self.is_any = is_any
        self.fields: dict[int, Layout | int] = {}
        """By tag: the layout of messages; of packed numbers the size of one, 0 for varints."""


class Layouts:
    """The layouts of the message types of one pool, each computed when first needed."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool
        self._layouts: dict[str, Layout] = {}

    def get_layout(self, descriptor: Descriptor) -> Layout:
        """Get the layout of a message type."""
        layout = self._layouts.get(descriptor.full_name)
        if layout is None:
            layout = Layout(is_any=descriptor.full_name == Any.DESCRIPTOR.full_name)
            self._layouts[descriptor.full_name] = layout  # before its fields, because types may contain themselves
            for field in descriptor.fields:
                inside = self._find_inside(field)
                if inside is not None:
                    kind = _START if field.type == FieldDescriptor.TYPE_GROUP else _BYTES
                    layout.fields[field.number << 3 | kind] = inside
        return layout

    def find_layout(self, type_url: str) -> Layout | None:
        """Find the layout of what an Any holds; None when its type is unknown."""
        try:
            return self.get_layout(self._pool.FindMessageTypeByName(type_url.rpartition("/")[2]))
        except KeyError:
            return None

    def _find_inside(self, field: FieldDescriptor) -> Layout | int | None:
        if field.message_type is not None:
            return self.get_layout(field.message_type)
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING or not field.is_repeated:
            return None
        return _FIXED_SIZES.get(field.type) or _PACKED_SIZES.get(field.cpp_type, 0)


class Scan:
    """The scan of one message: the number of its values, and the places where it may be cut.

    What is not well-formed ends it early, without an error: parsing finds the same fault.
    """

    def __init__(self, layouts: Layouts, layout: Layout, body: bytes, max_values: int | None) -> None:
        self._layouts = layouts
        self._layout = layout
        self._body = body
        self._max_values = max_values
        self._anys = 0
        """How many Any this message is inside of."""
        self._unpacked = 0
        """Bytes in those that are inside of this message."""
        self._has_partial_anys = False
        """Whether one has no type or no content: merged with another, it may hold up to a value for each byte."""
        self.values = 0
        """How many values were counted; a message counts as two."""
        self.cuts: list[int] = [0]
        """Ends of pieces that are messages of the same type; merged, they are the whole."""

    def run(self) -> None:
        """Go through all of it. Raises TooManyValues and TooManyAnys."""
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[None]:
        """Go through a part of it each time. Raises TooManyValues and TooManyAnys."""
        with suppress(IndexError):  # it ends in the middle of a field
            yield from self._walk()
        self.cuts.append(len(self._body))
        if self._has_partial_anys:
            self._check(self.values + self._unpacked)

    def _walk(self) -> Iterator[None]:  # noqa: C901 - one loop over every field, as calls would double its time
        body, end, fields = self._body, len(self._body), self._layout.fields
        outer: list[tuple[int, dict[int, Layout | int]]] = []
        position, values = 0, self.values
        pause = values + _STEP
        while True:
            if position >= end:
                if position > end:
                    return
                if not outer:
                    break
                end, fields = outer.pop()
                continue
            values += 1
            if values > pause:
                pause = values + _STEP
                self._check(values)
                yield
            if not outer and position - self.cuts[-1] >= _PIECE:
                self.cuts.append(position)
            tag = body[position]
            position += 1
            if tag >= 0x80:
                tag, position = _read_varint(body, position - 1)
            kind = tag & 7
            if kind == _BYTES:
                length = body[position]
                position += 1
                if length >= 0x80:
                    length, position = _read_varint(body, position - 1)
                inside = fields.get(tag)
                if inside is None:
                    position += length
                elif isinstance(inside, int):
                    values += _count_packed(body, position, length, inside)
                    position += length
                else:
                    values += 1
                    if inside.is_any:
                        self.values = values
                        yield from self._walk_any(body[position : position + length])
                        values = self.values
                        position += length
                    elif length:
                        if position + length > end or len(outer) > _MAX_DEPTH:
                            return
                        outer.append((end, fields))
                        end, fields = position + length, inside.fields
            elif kind == _VARINT:
                while body[position] >= 0x80:
                    position += 1
                position += 1
            elif kind == _FIXED32:
                position += 4
            elif kind == _FIXED64:
                position += 8
            elif kind == _START:
                if len(outer) > _MAX_DEPTH:
                    return
                inside = fields.get(tag)
                outer.append((end, fields))
                fields = inside.fields if isinstance(inside, Layout) else {}
            elif kind == _END and outer:
                end, fields = outer.pop()
            else:
                return
        self._check(values)

    def _walk_any(self, content: bytes) -> Iterator[None]:
        """Go through what an Any holds."""
        try:
            packed = Any.FromString(content)
        except DecodeError:
            return
        self._unpacked += len(packed.value)
        if not (packed.type_url and packed.value):
            self._has_partial_anys = True
            return
        layout = self._layouts.find_layout(packed.type_url)
        if layout is None:
            return
        inner = Scan(self._layouts, layout, packed.value, self._max_values)
        inner.values, inner._anys = self.values, self._anys + 1
        if inner._anys > _MAX_ANYS:
            raise TooManyAnys(f"more than {_MAX_ANYS} google.protobuf.Any are inside of each other")
        if layout.is_any:
            yield from inner._walk_any(packed.value)
        else:
            yield from inner.steps()
        self.values = inner.values
        self._has_partial_anys |= inner._has_partial_anys

    def _check(self, values: int) -> None:
        self.values = values
        if self._max_values is not None and values > self._max_values:
            raise TooManyValues(f"it has more than {self._max_values} values")


def _read_varint(body: bytes, position: int) -> tuple[int, int]:
    """Read a number of up to ten bytes, and where the next field begins."""
    number = shift = 0
    while True:
        byte = body[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7
        if shift > 63:
            raise IndexError


def _count_packed(body: bytes, position: int, length: int, size: int) -> int:
    if size:
        return length // size
    return len(body[position : position + length].translate(None, _HIGH))
