"""Decoders of replies, compiled once per XSD type: an XML element in, plain Python out. Used by connectors.soap.schema.

Ten times as fast as zeep's own objects. An element that may occur more than once, itself or through a group around it,
is a list; one with attributes and text has its text as `_value_1`. What only xs:any and xs:anyAttribute allow is there
by name; a record of a type that others are derived from has its own type's name as `__typename`. What no value can hold
is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml.etree import _Element

from connectors.soap.decode.anything import (
    XSI,
    collect_elements,
    decode_anything,
    list_attributes,
    read_text,
    strip_namespace,
)
from connectors.soap.decode.occurrence import count_occurrences
from connectors.soap.decode.scalars import Convert, get_converter, keeps_empty
from connectors.soap.schema_types import Types
from connectors.soap.schema_zeep import (
    TEXT,
    AnySimpleType,
    ComplexType,
    Element,
    find_element,
    find_type,
    has_any_attribute,
    has_wildcard,
    is_soap_encoded_array,
    list_nested,
)

Decode = Callable[[_Element], Any]
Report = Callable[[str, str], None]
"""Takes what was left out (as connectors.reports) and its place."""

XSI_NIL = f"{XSI}nil"
XSI_TYPE = f"{XSI}type"
TYPENAME = "__typename"
"""The name under which GraphQL looks for the type of a record."""
_OF_XML = (
    "{http://www.w3.org/XML/1998/namespace}",
    "{http://schemas.xmlsoap.org/soap/e",
    "{http://www.w3.org/2003/05/soap-e",
)
_OF_REFERENCES = ("id", "href")


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

    def __init__(self, types: Types, *, strict: bool, report: Report = lambda what, place: None) -> None:
        self.is_strict = strict
        self.types = types
        self.report = report
        self._schema = types.schema
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
        decoder: Decode = _AnyTypeDecoder(self)
        if isinstance(xsd_type, AnySimpleType):
            decoder = _make_simple_decoder(xsd_type, self.report)
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

    def decode_other(self, element: _Element) -> Any:
        """Decode an element that a wildcard allows: by its declaration, where the schema has one, or as anything."""
        declared = find_element(self._schema, element.tag)
        if declared is not None and declared.type is not None:
            try:
                return self.get_decoder(declared.type)(element)
            except UnsupportedType:
                pass
        return self.decode_untyped(element)

    def decode_untyped(self, element: _Element) -> Any:
        """Decode an element as the type that its xsi:type names, or as anything."""
        if element.keys():
            if is_nil(element):
                return None
            name = element.get(XSI_TYPE)
            read = None if name is None else self.find_decoder_by_type_name(name, element)
            if name is not None and read is not None and not isinstance(read, _AnyTypeDecoder):
                value = read(element)
                if isinstance(value, dict):
                    value.setdefault(TYPENAME, name.strip().rpartition(":")[2])
                return value
        return decode_anything(element, self.decode_untyped)


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
        self._known_attributes: frozenset[str] = frozenset()
        self._takes_any_attribute = False
        self._is_base = False
        self.takes_any = False

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
        self._is_base = self.type.qname is not None and bool(self._decoders.types.list_derived(self.type))
        if self._is_base:
            self.blank[TYPENAME] = self.type.qname.localname
        self._known_attributes = frozenset(tag for _, tag, _ in self.attributes)
        self._takes_any_attribute = has_any_attribute(self.type)

    def _add_elements(self, content: Any) -> None:
        found = count_occurrences(content)
        for tag, occurs in found.items():
            name, type_ = occurs.element.attr_name, occurs.element.type
            if name in self.blank:
                raise UnsupportedType
            self._add_field(name, tag, type_, is_list=occurs.max > 1)
        members = {tag: self._decoders.types.list_members(occurs.element) for tag, occurs in found.items()}
        for head, elements in members.items():
            for member in elements:
                if member.attr_name not in self.blank and member.qname.text not in self.fields:
                    self._add_field(member.attr_name, member.qname.text, member.type, is_list=found[head].max > 1)
        self.takes_any = has_wildcard(content)
        if self._decoders.is_strict:
            self._required = frozenset(tag for tag, occurs in found.items() if occurs.min and not members[tag])
        else:
            locals_ = [strip_namespace(tag) for tag in self.fields]
            self._by_local_name = {
                local: field
                for local, field in zip(locals_, self.fields.values(), strict=True)
                if locals_.count(local) == 1
            }

    def _add_field(self, name: str, tag: str, type_: Any, *, is_list: bool) -> None:
        field = Field(name, type_, self._decoders.get_decoder(type_), is_list=is_list)
        self.fields[tag] = field
        self.blank[name] = None
        if field.is_list:
            self._lists.append(name)

    def __call__(self, element: _Element) -> Any:
        """Decode the element to a dict, None for one that is nil. Raises Undecodable."""
        if element.keys():  # which takes less than to look for an attribute
            if is_nil(element):
                return None
            type_name = element.get(XSI_TYPE)
            if type_name is not None:
                other = self.find_other_decoder(element)
                if other is not None and not isinstance(other, RecordDecoder):
                    return other(element)
                if other is not None or self._is_base:
                    record = (other or self).decode_record(element)
                    record[TYPENAME] = type_name.strip().rpartition(":")[2]
                    return record
        return self.decode_record(element)

    def decode_record(self, element: _Element) -> dict[str, Any]:
        """Decode the element to a dict, whatever it says of its type. Raises Undecodable."""
        record = self.blank.copy()
        for name in self._lists:
            record[name] = []
        self._decode_children(element, record)
        if self.text is not None:
            if element.text:
                record[TEXT] = _convert_text(self.text, element.text, TEXT)
        elif (text := element.text) is not None and not text.isspace():
            record[TEXT] = read_text(element).strip()
        if element.keys():
            self._decode_attributes(element, record)
        return record

    def _decode_attributes(self, element: _Element, record: dict[str, Any]) -> None:
        for name, tag, convert in self.attributes:
            value = element.get(tag)
            if value is not None:
                record[name] = _convert_text(convert, value, name)
        for tag, value in list_attributes(element):
            if tag in self._known_attributes or tag.startswith(_OF_XML) or tag in _OF_REFERENCES:
                continue
            if self._takes_any_attribute:
                record[f"@{strip_namespace(tag)}"] = value
            else:
                self._decoders.report("unknown_attribute", f"{strip_namespace(tag)} of {strip_namespace(element.tag)}")

    def find_other_decoder(self, element: _Element) -> Decode | None:
        """Find the decoder of the type that the element's xsi:type names; None when it is this decoder's own type."""
        type_name = element.get(XSI_TYPE)
        other = None if type_name is None else self._decoders.find_decoder_by_type_name(type_name, element)
        return None if isinstance(other, RecordDecoder) and other.type is self.type else other

    def _decode_children(self, element: _Element, record: dict[str, Any]) -> None:
        fields = self.fields
        others: list[_Element] = []
        for child in element:
            field = fields.get(child.tag) or self._find_field_by_local_name(child.tag)
            if child.tail is not None and self.text is None and not child.tail.isspace():
                record[TEXT] = read_text(element).strip()
            if field is None:
                others.append(child)
                continue
            try:
                value = field.read(child)
            except Undecodable as problem:
                problem.path = (field.name, *problem.path)
                raise
            if field.is_list:
                record[field.name].append(value)
            else:
                if record[field.name] is not None:
                    self._decoders.report("repeated_element", f"{field.name} in {strip_namespace(element.tag)}")
                record[field.name] = value
        if others:
            self._decode_others(element, others, record)
        if self._required and (missing := self._required.difference(child.tag for child in element)):
            raise Undecodable(f"lacks the required {', '.join(sorted(map(strip_namespace, missing)))}")

    def _decode_others(self, element: _Element, others: list[_Element], record: dict[str, Any]) -> None:
        """What has no field: values by name where a wildcard allows it, else losses."""
        if not self.takes_any:
            for child in others:
                self._decoders.report(
                    "unknown_element", f"{strip_namespace(child.tag)} in {strip_namespace(element.tag)}"
                )
            return
        for name, value in collect_elements(others, self._decoders.decode_other).items():
            if name in record:  # an element of that name and another namespace
                tag = next(child.tag for child in others if strip_namespace(child.tag) == name)
                record[tag] = value
            else:
                record[name] = value

    def _find_field_by_local_name(self, tag: str) -> Field | None:
        """For servers that qualify names wrongly: the field of this local name, unless a wildcard takes it."""
        local = strip_namespace(tag)
        if not self._decoders.is_strict:
            if tag == local:
                return self._by_local_name.get(tag)
            field = self.fields.get(local)
            if field is None and not self.takes_any:
                field = self._by_local_name.get(local)
            return field
        if self.takes_any:
            return None
        raise Undecodable(f"has an element {local[:80]!r} that the WSDL does not know")


class _AnyTypeDecoder:
    """Decodes xs:anyType: as the type that xsi:type names, else as anything."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders

    def __call__(self, element: _Element) -> Any:
        return self._decoders.decode_untyped(element)


def is_nil(element: _Element) -> bool:
    """Whether an element says that it is null."""
    return element.get(XSI_NIL) in ("true", "1")


def _make_simple_decoder(xsd_type: Any, report: Report) -> Decode:
    convert = get_converter(xsd_type)
    empty = "" if keeps_empty(xsd_type) else None

    def read(element: _Element) -> Any:
        text = element.text
        if len(element):
            report("unknown_element", f"{strip_namespace(element[0].tag)} in {strip_namespace(element.tag)}")
        if element.keys():
            for tag, _ in list_attributes(element):
                if not tag.startswith(_OF_XML) and tag not in _OF_REFERENCES:
                    report("unknown_attribute", f"{strip_namespace(tag)} of {strip_namespace(element.tag)}")
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
