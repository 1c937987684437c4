"""Decoders of replies, compiled once per XSD type: an XML element in, plain Python out. Used by connectors.soap.schema.

Ten times as fast as zeep's own objects. An element that may occur more than once, itself or through a group around it,
is a list; one with attributes and text has its text as `_value_1`; elements that only xs:any allows are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml.etree import _Element

from connectors.soap.decode.occurrence import count_occurrences
from connectors.soap.decode.scalars import Convert, get_converter, keeps_empty
from connectors.soap.schema_zeep import (
    TEXT,
    AnySimpleType,
    ComplexType,
    Element,
    find_type,
    has_wildcard,
    is_soap_encoded_array,
    list_nested,
)

Decode = Callable[[_Element], Any]

XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


class Undecodable(Exception):
    """A reply does not match its XSD types. The text names the place and never the value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.reason}" if self.path else self.reason


class UnsupportedType(Exception):
    """A type that has no decoder: SOAP-encoded arrays, two elements of one name."""


class Decoders:
    """The decoders of one schema. `strict` refuses unknown elements and demands required ones."""

    def __init__(self, schema: Any, *, strict: bool) -> None:
        self.is_strict = strict
        self._schema = schema
        self._decoders: dict[
            int, tuple[Any, Decode]
        ] = {}  # by id, because zeep's types cannot be hashed; kept alive here

    def get_decoder(self, xsd_type: Any) -> Decode:
        """Get the decoder of elements of this type. Raises UnsupportedType for types that need zeep's parser."""
        known = self._decoders.get(id(xsd_type))
        if known is not None:
            return known[1]
        if isinstance(xsd_type, ComplexType):
            record = RecordDecoder(self, xsd_type)
            self._decoders[id(xsd_type)] = xsd_type, record  # before its fields are made: types may hold themselves
            try:
                record.compile()
            except UnsupportedType:
                self._decoders.clear()  # others may hold the record that could not be made
                raise
            return record
        decoder = _make_simple_decoder(xsd_type) if isinstance(xsd_type, AnySimpleType) else _AnyTypeDecoder(self)
        self._decoders[id(xsd_type)] = xsd_type, decoder
        return decoder

    def find_decoder_by_type_name(self, name: str, element: _Element) -> Decode | None:
        """Find the decoder of the type that an xsi:type names; None when the schema does not have it."""
        prefix, _, local = name.strip().rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        xsd_type = find_type(self._schema, f"{{{namespace}}}{local}" if namespace else local)
        try:
            return None if xsd_type is None else self.get_decoder(xsd_type)
        except UnsupportedType:
            return None


@dataclass(slots=True)
class Field:
    """An element of a record."""

    name: str
    type: Any
    """Zeep's."""
    read: Decode
    is_list: bool
    """Whether the element may occur more than once."""

    @property
    def is_simple(self) -> bool:
        """Whether it has a text that connectors.soap.decode.scalars converts."""
        return isinstance(self.type, AnySimpleType)


class RecordDecoder:
    """Decodes elements of one complex type to dicts."""

    def __init__(self, decoders: Decoders, xsd_type: ComplexType) -> None:
        self.type = xsd_type
        self.fields: dict[str, Field] = {}
        """By tag."""
        self.attributes: list[tuple[str, str, Convert]] = []
        """Name, tag and converter of each."""
        self.text: Convert | None = None
        """For the text beside attributes, where the type has that."""
        self.blank: dict[str, Any] = {}
        """What there is by name where an element has neither attributes nor content."""
        self._decoders = decoders
        self._by_local_name: dict[str, Field] = {}
        self._lists: list[str] = []
        self._required: frozenset[str] = frozenset()
        self._takes_any = False

    def compile(self) -> None:
        """Prepare everything that decoding needs. Raises UnsupportedType."""
        if is_soap_encoded_array(self.type):
            raise UnsupportedType
        for content in list_nested(self.type):
            if isinstance(content, Element):  # how zeep says simpleContent, or no content at all
                if isinstance(content.type, AnySimpleType):
                    self.text = get_converter(content.type)
                    self.blank[TEXT] = None
            else:
                self._add_elements(content)
        for name, attribute in self.type.attributes:
            if attribute.name is not None:
                convert = get_converter(attribute.type)
                self.attributes.append((name, attribute.qname.text, convert))
                self.blank[name] = _convert_default(convert, attribute.default)

    def _add_elements(self, content: Any) -> None:
        found = count_occurrences(content)
        for tag, occurs in found.items():
            name, type_ = occurs.element.attr_name, occurs.element.type
            if name in self.blank:
                raise UnsupportedType
            field = Field(name, type_, self._decoders.get_decoder(type_), is_list=occurs.max > 1)
            self.fields[tag] = field
            self.blank[name] = None
            if field.is_list:
                self._lists.append(name)
        if self._decoders.is_strict:
            self._required = frozenset(tag for tag, occurs in found.items() if occurs.min)
            self._takes_any = has_wildcard(content)
        else:
            self._by_local_name = {strip_namespace(tag): field for tag, field in self.fields.items()}

    def __call__(self, element: _Element) -> Any:
        """Decode the element to a dict, None for one that is nil. Raises Undecodable."""
        if element.keys():  # which takes less than to look for an attribute
            if is_nil(element):
                return None
            other = self.find_other_decoder(element)
            if other is not None:
                return other(element)
        record = self.blank.copy()
        for name in self._lists:
            record[name] = []
        self._decode_children(element, record)
        if self.text is not None and element.text:
            record[TEXT] = _convert_text(self.text, element.text, TEXT)
        for name, tag, convert in self.attributes:
            value = element.get(tag)
            if value is not None:
                record[name] = _convert_text(convert, value, name)
        return record

    def find_other_decoder(self, element: _Element) -> Decode | None:
        """Find the decoder of the type that the element's xsi:type names; None when it is this decoder's own type."""
        type_name = element.get(XSI_TYPE)
        other = None if type_name is None else self._decoders.find_decoder_by_type_name(type_name, element)
        return None if isinstance(other, RecordDecoder) and other.type is self.type else other

    def _decode_children(self, element: _Element, record: dict[str, Any]) -> None:
        fields = self.fields
        for child in element:
            field = fields.get(child.tag) or self._find_field_by_local_name(child.tag)
            if field is None:
                continue
            try:
                value = field.read(child)
            except Undecodable as problem:
                problem.path = (field.name, *problem.path)
                raise
            if field.is_list:
                record[field.name].append(value)
            else:
                record[field.name] = value
        if self._required and (missing := self._required.difference(child.tag for child in element)):
            raise Undecodable(f"lacks the required {', '.join(sorted(map(strip_namespace, missing)))}")

    def _find_field_by_local_name(self, tag: str) -> Field | None:
        """For servers that qualify names wrongly: the field of this local name, when either has no namespace."""
        local = strip_namespace(tag)
        if not self._decoders.is_strict:
            return self._by_local_name.get(tag) if tag == local else self.fields.get(local)
        if self._takes_any:
            return None
        raise Undecodable(f"has an element {local[:80]!r} that the WSDL does not know")


class _AnyTypeDecoder:
    """Decodes xs:anyType: as the type that xsi:type names, else as text; an element with elements inside is None."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders

    def __call__(self, element: _Element) -> Any:
        if is_nil(element):
            return None
        type_name = element.get(XSI_TYPE)
        read = None if type_name is None else self._decoders.find_decoder_by_type_name(type_name, element)
        if read is not None and not isinstance(read, _AnyTypeDecoder):
            return read(element)
        return None if len(element) else element.text


def is_nil(element: _Element) -> bool:
    """Whether an element says that it is null."""
    return element.get(XSI_NIL) in ("true", "1")


def _make_simple_decoder(xsd_type: Any) -> Decode:
    convert = get_converter(xsd_type)
    empty = "" if keeps_empty(xsd_type) else None

    def read(element: _Element) -> Any:
        text = element.text
        if text is None:
            return None if is_nil(element) else empty
        try:
            return convert(text)
        except ValueError as error:
            raise Undecodable(str(error)) from error

    return read


def _convert_default(convert: Convert, text: str | None) -> Any:
    try:
        return None if text is None else convert(text)
    except ValueError:  # the WSDL is wrong about its own type
        return None


def _convert_text(convert: Convert, text: str, name: str) -> Any:
    try:
        return convert(text)
    except ValueError as error:
        problem = Undecodable(str(error))
        problem.path = (name,)
        raise problem from error


def strip_namespace(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]
