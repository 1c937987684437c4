"""Readers of replies, compiled once per XSD type: an XML element in, plain Python out. Used by connectors.soap.wsdl.

Ten times as fast as zeep's own objects. An element that may occur more than once, itself or through a group around it,
is a list; one with attributes and text has its text as `_value_1`; what only xs:any allows is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml.etree import _Element
from zeep.exceptions import Error as ZeepError
from zeep.xsd import AnySimpleType, ComplexType
from zeep.xsd.elements import Element

from connectors.soap.occurrence import occurrences, takes_any
from connectors.soap.scalars import Convert, converter, keeps_empty

Read = Callable[[_Element], Any]

XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_TEXT = "_value_1"  # zeep's name, which messages have to use too


class Unreadable(Exception):
    """A reply that its types do not allow. The text names the place and never the value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.reason}" if self.path else self.reason


class Uncovered(Exception):
    """A type that readers cannot be made for: SOAP-encoded arrays, two elements of one name."""


class Readers:
    """The readers of one schema. `strict` refuses unknown elements and asks for required ones."""

    def __init__(self, schema: Any, *, strict: bool) -> None:
        self.is_strict = strict
        self._schema = schema
        self._readers: dict[int, tuple[Any, Read]] = {}  # by id, because zeep's types cannot be hashed; kept alive here

    def of(self, xsd_type: Any) -> Read:
        """The reader of elements of this type. Raises Uncovered for types that need zeep itself."""
        known = self._readers.get(id(xsd_type))
        if known is not None:
            return known[1]
        if isinstance(xsd_type, ComplexType):
            record = _Record(self, xsd_type)
            self._readers[id(xsd_type)] = xsd_type, record  # before its fields are made: types may hold themselves
            try:
                record.compile()
            except Uncovered:
                self._readers.clear()  # others may hold the record that could not be made
                raise
            return record
        reader = _simple(xsd_type) if isinstance(xsd_type, AnySimpleType) else _Anything(self)
        self._readers[id(xsd_type)] = xsd_type, reader
        return reader

    def named(self, name: str, element: _Element) -> Read | None:
        """The reader for the type that an xsi:type names; None when the schema does not have it."""
        prefix, _, local = name.strip().rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        try:
            xsd_type = self._schema.get_type(f"{{{namespace}}}{local}" if namespace else local, fail_silently=True)
        except (ZeepError, ValueError):
            return None
        try:
            return None if xsd_type is None else self.of(xsd_type)
        except Uncovered:
            return None


@dataclass(slots=True)
class _Field:
    name: str
    read: Read
    is_list: bool
    """Whether the element may occur more than once."""


class _Record:
    """Reads elements of one complex type into dicts."""

    def __init__(self, readers: Readers, xsd_type: ComplexType) -> None:
        self._readers = readers
        self._type = xsd_type
        self._fields: dict[str, _Field] = {}
        self._by_local_name: dict[str, _Field] = {}
        self._attributes: list[tuple[str, str, Convert]] = []
        self._text: Convert | None = None
        self._lists: list[str] = []
        self._blank: dict[str, Any] = {}
        self._required: frozenset[str] = frozenset()
        self._takes_any = False

    def compile(self) -> None:
        """Look up everything that reading needs. Raises Uncovered."""
        if self._type._array_type:  # noqa: SLF001 - zeep has no other name for it
            raise Uncovered
        for _, content in self._type.elements_nested:
            if isinstance(content, Element):  # how zeep says simpleContent, or no content at all
                if isinstance(content.type, AnySimpleType):
                    self._text = converter(content.type)
                    self._blank[_TEXT] = None
            else:
                self._add_elements(content)
        for name, attribute in self._type.attributes:
            if attribute.name is not None:
                convert = converter(attribute.type)
                self._attributes.append((name, attribute.qname.text, convert))
                self._blank[name] = _default(convert, attribute.default)

    def _add_elements(self, content: Any) -> None:
        found = occurrences(content)
        for tag, occurs in found.items():
            name = occurs.element.attr_name
            if name in self._blank:
                raise Uncovered
            field = _Field(name, self._readers.of(occurs.element.type), is_list=occurs.most > 1)
            self._fields[tag] = field
            self._blank[name] = None
            if field.is_list:
                self._lists.append(name)
        if self._readers.is_strict:
            self._required = frozenset(tag for tag, occurs in found.items() if occurs.least)
            self._takes_any = takes_any(content)
        else:
            self._by_local_name = {_local(tag): field for tag, field in self._fields.items()}

    def __call__(self, element: _Element) -> Any:
        if element.get(XSI_NIL) in ("true", "1"):
            return None
        type_name = element.get(XSI_TYPE)
        if type_name is not None:
            other = self._readers.named(type_name, element)
            if other is not None and other is not self:
                return other(element)
        record = self._blank.copy()
        for name in self._lists:
            record[name] = []
        self._read_elements(element, record)
        if self._text is not None and element.text:
            record[_TEXT] = _converted(self._text, element.text, _TEXT)
        for name, tag, convert in self._attributes:
            value = element.get(tag)
            if value is not None:
                record[name] = _converted(convert, value, name)
        return record

    def _read_elements(self, element: _Element, record: dict[str, Any]) -> None:
        fields = self._fields
        for child in element:
            field = fields.get(child.tag) or self._other(child.tag)
            if field is None:
                continue
            try:
                value = field.read(child)
            except Unreadable as problem:
                problem.path = (field.name, *problem.path)
                raise
            if field.is_list:
                record[field.name].append(value)
            else:
                record[field.name] = value
        if self._required and (missing := self._required.difference(child.tag for child in element)):
            raise Unreadable(f"lacks the required {', '.join(sorted(map(_local, missing)))}")

    def _other(self, tag: str) -> _Field | None:
        """For servers that qualify names wrongly: the field of this local name, when either has no namespace."""
        local = _local(tag)
        if not self._readers.is_strict:
            return self._by_local_name.get(tag) if tag == local else self._fields.get(local)
        if self._takes_any:
            return None
        raise Unreadable(f"has an element {local[:80]!r} that the WSDL does not know")


class _Anything:
    """Reads xs:anyType: as the type that xsi:type names, else as text; what has elements inside is left out."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def __call__(self, element: _Element) -> Any:
        if element.get(XSI_NIL) in ("true", "1"):
            return None
        type_name = element.get(XSI_TYPE)
        read = None if type_name is None else self._readers.named(type_name, element)
        if read is not None and not isinstance(read, _Anything):
            return read(element)
        return None if len(element) else element.text


def _simple(xsd_type: Any) -> Read:
    convert = converter(xsd_type)
    empty = "" if keeps_empty(xsd_type) else None

    def read(element: _Element) -> Any:
        text = element.text
        if text is None:
            return None if element.get(XSI_NIL) in ("true", "1") else empty
        try:
            return convert(text)
        except ValueError as error:
            raise Unreadable(str(error)) from error

    return read


def _default(convert: Convert, text: str | None) -> Any:
    try:
        return None if text is None else convert(text)
    except ValueError:  # the WSDL is wrong about its own type
        return None


def _converted(convert: Convert, text: str, name: str) -> Any:
    try:
        return convert(text)
    except ValueError as error:
        problem = Unreadable(str(error))
        problem.path = (name,)
        raise problem from error


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
