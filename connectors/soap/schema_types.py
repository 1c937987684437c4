"""The XSD types of one WSDL as encoding and decoding need them, kept once made. Made by connectors.soap.schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from connectors.soap.schema_facts import Facts
from connectors.soap.schema_zeep import (
    TEXT,
    AnySimpleType,
    AnyType,
    Attribute,
    ComplexType,
    Element,
    find_element,
    find_type,
    has_wildcard,
    list_global_elements,
    list_nested,
    list_particles,
    list_types,
    read_array_item,
)

_XSD = "http://www.w3.org/2001/XMLSchema"


@dataclass(slots=True)
class Record:
    """What a complex type holds, by the names that messages use."""

    type: ComplexType
    elements: dict[str, Element]
    attributes: dict[str, Attribute]
    content: Any
    """Its particle; None without one."""
    text: Any
    """The simple type of its text, where it has one beside attributes."""
    item: Any
    """The type of the items of a SOAP-encoded array."""
    takes_any: bool
    takes_any_attribute: bool

    def list_names(self) -> list[str]:
        """The names that a message may use."""
        return [*([TEXT] if self.text is not None else []), *self.elements, *self.attributes]


class Types:
    """Finds types and elements by name, and what stands in types."""

    def __init__(self, schema: Any, facts: Facts) -> None:
        self.schema = schema
        self.facts = facts
        self._records: dict[int, Record] = {}  # by id, because zeep's types cannot be hashed; kept alive by the record
        self._names: dict[int, tuple[Any, dict[str, Element]]] = {}
        self._members: dict[str, list[Element]] = {}
        self._local_types: dict[str, list[Any]] | None = None
        self._local_elements: dict[str, list[Element]] | None = None

    def get_record(self, xsd_type: ComplexType) -> Record:
        """Get what a complex type holds."""
        record = self._records.get(id(xsd_type))
        if record is None:
            record = self._records[id(xsd_type)] = self._make_record(xsd_type)
        return record

    def _make_record(self, xsd_type: ComplexType) -> Record:
        content, text, takes_any = None, None, False
        for nested in list_nested(xsd_type):
            if not isinstance(nested, Element):
                content = nested
            elif isinstance(nested.type, AnySimpleType):
                text = nested.type
            elif type(nested.type) is AnyType:
                takes_any = True  # an extension or restriction of xs:anyType
        attributes = [(name, each) for name, each in xsd_type.attributes if each.name is not None]
        return Record(
            type=xsd_type,
            elements={} if content is None else dict(self.list_elements(content)),
            attributes=dict(attributes),
            content=content,
            text=text,
            item=read_array_item(xsd_type),
            takes_any=takes_any or (content is not None and has_wildcard(content)),
            takes_any_attribute=len(attributes) < len(xsd_type.attributes),
        )

    def list_elements(self, particle: Any) -> dict[str, Element]:
        """Map names to the elements that a particle may hold, members of substitution groups included."""
        known = self._names.get(id(particle))
        if known is None:
            found: dict[str, Element] = {}
            if isinstance(particle, Element):
                for element in (particle, *self.list_members(particle)):
                    found.setdefault(element.attr_name, element)
            for part in list_particles(particle):
                for name, element in self.list_elements(part).items():
                    found.setdefault(name, element)
            known = self._names[id(particle)] = particle, found
        return known[1]

    def list_members(self, head: Element) -> list[Element]:
        """List the elements that may stand in the place of a global one (XSD 1.0 part 1, section 3.3.6)."""
        tag = head.qname.text
        if not self.facts.members or tag not in self.facts.members:
            return []
        known = self._members.get(tag)
        if known is None:
            found = (find_element(self.schema, each) for each in self.facts.list_members(tag))
            known = self._members[tag] = [each for each in found if each is not None]
        return known

    def find_named_type(self, name: str, declared: Any) -> Any:
        """Find a type by `{namespace}Name`, `xs:Name` or its name alone, which is best one derived from `declared`.

        None without one, or with several.
        """
        if name.startswith("{"):
            return find_type(self.schema, name)
        prefix, _, local = name.rpartition(":")
        if prefix in ("xs", "xsd"):
            return find_type(self.schema, f"{{{_XSD}}}{local}")
        if self._local_types is None:
            self._local_types = {}
            for each in list_types(self.schema):
                self._local_types.setdefault(etree.QName(each.qname).localname, []).append(each)
        found = self._local_types.get(local, [])
        fitting = [each for each in found if self.fits(each, declared)]
        own = [each for each in fitting if _read_namespace(each) == _read_namespace(declared)]
        for choice in (own, fitting, found):
            if len(choice) == 1:
                return choice[0]
        return None

    def fits(self, xsd_type: Any, declared: Any) -> bool:
        """Whether elements declared as one type may say that they are of another one."""
        if type(declared) is AnyType or xsd_type is declared or declared.qname is None:
            return True
        return self.facts.is_derived(_write_tag(xsd_type), _write_tag(declared))

    def is_abstract(self, xsd_type: Any) -> bool:
        """Whether elements of this type must name another one."""
        return (
            bool(self.facts.abstract_types)
            and xsd_type.qname is not None
            and self.facts.is_abstract(_write_tag(xsd_type))
        )

    def list_derived(self, xsd_type: Any) -> list[str]:
        """The names of the types that may stand in the place of this one."""
        return [each.rpartition("}")[2] for each in self.facts.list_derived(_write_tag(xsd_type))]

    def list_values(self, xsd_type: Any) -> tuple[str, ...]:
        """What a simple type with an enumeration may be; empty for others."""
        return self.facts.values.get(_write_tag(xsd_type), ())

    def find_global_element(self, name: str) -> Element | None:
        """Find a global element by `{namespace}Name`, or by its name alone where one has it."""
        if name.startswith("{"):
            return find_element(self.schema, name)  # type: ignore[no-any-return]  # zeep's
        if self._local_elements is None:
            self._local_elements = {}
            for each in list_global_elements(self.schema):
                self._local_elements.setdefault(each.name, []).append(each)
        found = self._local_elements.get(name, [])
        return found[0] if len(found) == 1 else None


def _write_tag(xsd_type: Any) -> str:
    return "" if xsd_type.qname is None else str(etree.QName(xsd_type.qname).text)


def _read_namespace(xsd_type: Any) -> str | None:
    return None if xsd_type.qname is None else etree.QName(xsd_type.qname).namespace
