"""Writes plain data as XML elements by their XSD types. Used by connectors.soap.encode.

What a type does not allow is refused with its place. Entries that are not there are left out; None is `xsi:nil` where
the element is nillable, and left out where it may be. `@type` (`_type`, `xsi:type`) names a derived type, `@name` is an
attribute, `_value_1` a text beside attributes or raw XML for xs:any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree
from lxml.etree import _Element

from connectors.soap.decode.envelope import MalformedEnvelope, parse_xml
from connectors.soap.encode_attachments import Attachments
from connectors.soap.encode_groups import choose_branch, has_entries, is_given, split_rounds
from connectors.soap.encode_mismatch import (
    make_missing_error,
    make_null_error,
    make_text_error,
    make_type_error,
    make_unknown_error,
)
from connectors.soap.encode_scalars import format_scalar, unwrap_enum
from connectors.soap.errors import RequestMismatch
from connectors.soap.schema_types import Record, Types
from connectors.soap.schema_zeep import (
    TEXT,
    AnySimpleType,
    Choice,
    ComplexType,
    Element,
    builtins,
    is_any,
    is_reference,
    list_particles,
    repeat_element,
)

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_TYPE_KEYS = ("xsi:type", "_type", "@type")
_ARRAY_TYPE = "{http://schemas.xmlsoap.org/soap/encoding/}arrayType"


class Writer:
    """Writes the elements of one message."""

    def __init__(self, types: Types, attachments: Attachments) -> None:
        self._types = types
        self._attachments = attachments

    def write_element(self, parent: _Element, element: Element, value: Any, path: str) -> None:
        """Append an element, or one for each item of a list where it may be repeated. Raises RequestMismatch."""
        if element.accepts_multiple and isinstance(value, list | tuple | set | frozenset):
            if set(map(type, value)) == {str} and self._takes_any_text(element):
                self._write_texts(parent, element, value, path)
                return
            for number, item in enumerate(value):
                place = f"{path}[{number}]"
                if item is None and not element.nillable:
                    raise make_null_error(place)
                self._write_one(parent, element, item, place)
        else:
            self._write_one(parent, element, value, path)

    def _takes_any_text(self, element: Element) -> bool:
        """Whether texts need no look at their type, one by one."""
        xsd_type = element.type
        return (
            isinstance(xsd_type, builtins.String)
            and element.qname.text not in self._types.facts.abstract_elements
            and not self._types.is_abstract(xsd_type)
            and not is_reference(xsd_type)
        )

    def _write_texts(self, parent: _Element, element: Element, texts: Iterable[str], path: str) -> None:
        tag = element.qname
        for number, text in enumerate(texts):
            try:
                etree.SubElement(parent, tag).text = text
            except ValueError:
                raise make_text_error(f"{path}[{number}]") from None

    def _write_one(self, parent: _Element, element: Element, value: Any, path: str) -> None:
        if value is None:
            if element.nillable:
                etree.SubElement(parent, element.qname).set(f"{_XSI}nil", "true")
            elif not element.is_optional:
                raise make_null_error(path)
            return
        if element.qname.text in self._types.facts.abstract_elements:
            names = ", ".join(str(each.name) for each in self._types.list_members(element)) or "none"
            raise RequestMismatch(f"{path} is abstract; give one of {names} instead", is_definition=True)
        node = etree.SubElement(parent, element.qname)
        self.write_content(node, element.type, value, path)

    def write_content(self, node: _Element, xsd_type: Any, value: Any, path: str) -> None:
        """Fill an element. Raises RequestMismatch."""
        value = unwrap_enum(value)
        if isinstance(value, Mapping) and (key := self._find_type_key(xsd_type, value)) is not None:
            xsd_type, value = self._change_type(node, xsd_type, value, key, path)
        elif self._types.is_abstract(xsd_type):
            derived = self._types.list_derived(xsd_type)
            raise make_type_error(path, xsd_type.name, derived)
        if isinstance(xsd_type, ComplexType):
            self._write_record(node, self._types.get_record(xsd_type), value, path)
        elif isinstance(xsd_type, AnySimpleType):
            self._write_scalar(node, xsd_type, value, path)
        else:
            self._write_anything(node, value, path)

    def _find_type_key(self, xsd_type: Any, value: Mapping[str, Any]) -> str | None:
        for key in _TYPE_KEYS:
            if isinstance(value.get(key), str):
                if isinstance(xsd_type, ComplexType):
                    record = self._types.get_record(xsd_type)
                    if key in record.elements or key.removeprefix("@") in record.attributes:
                        continue
                return key
        return None

    def _change_type(
        self, node: _Element, declared: Any, value: Mapping[str, Any], key: str, path: str
    ) -> tuple[Any, Any]:
        """The type that a value names, and the value without that name."""
        xsd_type = self._types.find_named_type(value[key], declared)
        if xsd_type is None or not self._types.fits(xsd_type, declared):
            raise make_type_error(path, declared.name, self._types.list_derived(declared), value[key])
        if self._types.is_abstract(xsd_type):
            raise make_type_error(path, xsd_type.name, self._types.list_derived(xsd_type))
        if xsd_type is not declared:
            _set_name(node, f"{_XSI}type", xsd_type)
        rest = {name: item for name, item in value.items() if name != key}
        return xsd_type, rest[TEXT] if rest.keys() == {TEXT} and not isinstance(xsd_type, ComplexType) else rest

    # Complex types

    def _write_record(self, node: _Element, record: Record, data: Any, path: str) -> None:
        if record.item is not None:
            self._write_array(node, record.item, data, path)
            return
        if not isinstance(data, Mapping):
            if record.text is None:
                raise make_unknown_error(path, record, data)
            data = {TEXT: data}
        rest = self._find_rest(record, data, path)
        for name, attribute in record.attributes.items():
            self._write_attribute(node, attribute, data.get(name, data.get(f"@{name}")), f"{path}.{name}")
        for name in rest:
            if name.startswith("@"):
                self._set_attribute(node, name[1:], data[name], path)
        if record.text is not None:
            if data.get(TEXT) is not None:
                self._write_scalar(node, record.text, data[TEXT], path)
        elif record.content is not None:
            others = {name: data[name] for name in rest if not name.startswith("@")}
            self._write_particle(node, record.content, data, others, path)
        elif record.takes_any:
            self._write_anything(node, {name: data[name] for name in rest}, path)

    def _find_rest(self, record: Record, data: Mapping[str, Any], path: str) -> list[str]:
        """The names that only wildcards take. Raises RequestMismatch for those that nothing takes."""
        rest = []
        for name in data:
            if name in record.elements or name in record.attributes or (name == TEXT and record.text is not None):
                continue
            if name.startswith("@"):
                if name[1:] in record.attributes:
                    continue
                is_taken = record.takes_any_attribute or name.startswith("@{")
            elif record.takes_any:
                is_taken = True
            else:
                is_taken = name.startswith("_value_") and has_entries(record.content, data[name])
            if not is_taken:
                raise make_unknown_error(path, record, data, name)
            rest.append(name)
        return rest

    def _write_attribute(self, node: _Element, attribute: Any, value: Any, path: str) -> None:
        if value is None:
            if not attribute.required:
                return
            value = attribute.default
            if value is None:
                place, _, name = path.rpartition(".")
                raise make_missing_error(place, name)
        node.set(attribute.qname, self._format(attribute.type, value, path))

    def _set_attribute(self, node: _Element, name: str, value: Any, path: str) -> None:
        try:
            node.set(name, format_scalar(None, value))
        except ValueError:
            raise RequestMismatch(f"{path} has an attribute that XML cannot have", is_definition=False) from None

    def _write_array(self, node: _Element, item: Any, data: Any, path: str) -> None:
        """An array of SOAP 1.1 encoding (section 5.4): the items of a list, or of the one list in a mapping."""
        if isinstance(data, Mapping) and len(data) == 1:
            data = next(iter(data.values()))
        items = list(data) if isinstance(data, list | tuple | set | frozenset) else [data]
        _set_name(node, _ARRAY_TYPE, item)  # which declares its prefix
        node.set(_ARRAY_TYPE, f"{node.get(_ARRAY_TYPE)}[{len(items)}]")
        for number, each in enumerate(items):
            child = etree.SubElement(node, "item")
            if each is None:
                child.set(f"{_XSI}nil", "true")
                continue
            _set_name(child, f"{_XSI}type", item)
            self.write_content(child, item, each, f"{path}[{number}]")

    # Groups

    def _write_particle(
        self, node: _Element, particle: Any, data: Mapping[str, Any], rest: dict[str, Any], path: str
    ) -> None:
        """`rest` holds what wildcards take: the first one takes all of it."""
        if isinstance(particle, Element):
            self._write_named(node, particle, data, path)
        elif is_any(particle):
            self._write_others(node, rest, path)
            rest.clear()
        elif particle.accepts_multiple:
            for each in split_rounds(self._types, particle, data, rest):
                self._write_parts(node, particle, each, rest, path)
        elif particle.min_occurs or is_given(self._types, particle, data, rest):
            self._write_parts(node, particle, data, rest, path)

    def _write_parts(
        self, node: _Element, particle: Any, data: Mapping[str, Any], rest: dict[str, Any], path: str
    ) -> None:
        parts = list_particles(particle)
        if isinstance(particle, Choice):
            chosen = choose_branch(self._types, parts, data, rest, path)
            parts = [] if chosen is None else [chosen]
        for part in parts:
            self._write_particle(node, part, data, rest, path)

    def _write_named(self, node: _Element, element: Element, data: Mapping[str, Any], path: str) -> None:
        name = element.attr_name
        if name in data:
            self.write_element(node, element, data[name], f"{path}.{name}")
            return
        is_given = False
        for member in self._types.list_members(element):
            if data.get(member.attr_name) is not None:
                repeated = repeat_element(member, element)
                self.write_element(node, repeated, data[member.attr_name], f"{path}.{member.attr_name}")
                is_given = True
        if is_given or element.is_optional:
            return
        if not element.nillable:
            raise make_missing_error(path, name)
        etree.SubElement(node, element.qname).set(f"{_XSI}nil", "true")

    # Anything

    def _write_others(self, node: _Element, entries: Mapping[str, Any], path: str) -> None:
        """What a wildcard takes: elements by name, declared ones by their type; raw XML under `_value_1`."""
        for name, value in entries.items():
            items = value if isinstance(value, list | tuple | set | frozenset) else [value]
            for item in items:
                if name == TEXT and isinstance(item, str | bytes):
                    self._append_xml(node, item, path)
                elif name == TEXT and isinstance(item, Mapping):
                    self._write_others(node, item, path)
                else:
                    self._write_other(node, name, item, f"{path}.{name}")

    def _write_other(self, node: _Element, name: str, value: Any, path: str) -> None:
        declared = self._types.find_global_element(name)
        if declared is not None and value is not None:
            self._write_one(node, declared, value, path)
            return
        try:
            child = etree.SubElement(node, name)
        except ValueError:
            raise RequestMismatch(f"{path} is not a name that XML can have", is_definition=False) from None
        if value is None:
            child.set(f"{_XSI}nil", "true")
        else:
            self.write_content(child, _ANYTHING, value, path)

    def _append_xml(self, node: _Element, text: str | bytes, path: str) -> None:
        try:
            node.append(parse_xml(text.encode() if isinstance(text, str) else text))
        except MalformedEnvelope as error:
            raise RequestMismatch(f"{path} is given as raw XML, and {error}", is_definition=False) from error

    def _write_anything(self, node: _Element, value: Any, path: str) -> None:
        """Content of xs:anyType: elements by name, attributes as `@name`, a text."""
        if isinstance(value, list | tuple | set | frozenset):
            raise RequestMismatch(
                f'{path} takes elements by name, and a list has none; write {{"name": [...]}}', is_definition=False
            )
        if not isinstance(value, Mapping):
            self._write_scalar(node, None, value, path)
            return
        for name, item in value.items():
            if name.startswith("@"):
                self._set_attribute(node, name[1:], item, path)
            elif name == TEXT and not isinstance(item, list | Mapping):
                self._write_scalar(node, None, item, path)
            else:
                self._write_others(node, {name: item}, path)

    # Simple types

    def _write_scalar(self, node: _Element, xsd_type: Any, value: Any, path: str) -> None:
        if self._attachments.takes(xsd_type, value):
            self._attachments.write(node, xsd_type, value, path)
            return
        text = self._format(xsd_type, value, path)
        if isinstance(xsd_type, builtins.QName) and text.startswith("{"):
            text = etree.QName(text)  # type: ignore[assignment]  # which lxml writes with a prefix
        try:
            node.text = text
        except ValueError:
            raise make_text_error(path) from None

    def _format(self, xsd_type: Any, value: Any, path: str) -> str:
        try:
            return format_scalar(xsd_type, value)
        except ValueError as error:
            is_definition = isinstance(value, Mapping) and not isinstance(xsd_type, type(None))
            raise RequestMismatch(f"{path} {error}", is_definition=is_definition) from error


def _set_name(node: _Element, attribute: str, xsd_type: Any) -> None:
    """Set an attribute to the name of a type, as a QName whose prefix is declared."""
    name: Any = etree.QName(xsd_type.qname)
    node.set(attribute, name)


class _Anything:
    """Stands for xs:anyType."""

    qname = None
    name = "anyType"


_ANYTHING = _Anything()
