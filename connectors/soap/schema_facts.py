"""What WSDLs say of their types and zeep does not keep: abstract ones, derivation, substitution groups.

Read from the documents themselves, once, when the WSDL is loaded. Names are tags: `{namespace}local`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree
from lxml.etree import _Element

from connectors.soap.decode.envelope import MalformedEnvelope, parse_xml

_XS = "{http://www.w3.org/2001/XMLSchema}"
_YES = ("true", "1")


@dataclass(slots=True)
class Facts:
    """Of all schemas of one WSDL together."""

    abstract_types: set[str] = field(default_factory=set)
    abstract_elements: set[str] = field(default_factory=set)
    bases: dict[str, str] = field(default_factory=dict)
    """The type that each named type extends or restricts."""
    members: dict[str, list[str]] = field(default_factory=dict)
    """The elements that may stand in the place of another one, by that one."""
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each simple type with an enumeration may be."""

    def is_abstract(self, xsd_type: str) -> bool:
        """Whether elements must name a type derived from this one. A schema without a namespace may be included."""
        return xsd_type in self.abstract_types or xsd_type.rpartition("}")[2] in self.abstract_types

    def is_derived(self, xsd_type: str, base: str) -> bool:
        """Whether a type is another one or derived from it, in some steps."""
        seen: set[str] = set()
        while xsd_type not in seen:
            if xsd_type == base:
                return True
            seen.add(xsd_type)
            xsd_type = self.bases.get(xsd_type, xsd_type)
        return False

    def list_derived(self, base: str) -> list[str]:
        """The types that may stand in the place of this one, without those that are abstract."""
        return [
            each for each in self.bases if each != base and self.is_derived(each, base) and not self.is_abstract(each)
        ]

    def list_members(self, head: str) -> list[str]:
        """The elements that may stand in the place of this one, in some steps, without those that are abstract."""
        found: list[str] = []
        heads, seen = [head], {head}
        while heads:
            for member in self.members.get(heads.pop(), ()):
                if member not in seen:
                    seen.add(member)
                    heads.append(member)
                    if member not in self.abstract_elements:
                        found.append(member)
        return found


def read_facts(documents: Iterable[bytes]) -> Facts:
    """Read the facts of these WSDLs and schemas; what cannot be parsed has none."""
    facts = Facts()
    for content in documents:
        try:
            root = parse_xml(content)
        except MalformedEnvelope:
            continue
        for schema in root.iter(f"{_XS}schema"):
            _read_schema(schema, facts)
    return facts


def _read_schema(schema: _Element, facts: Facts) -> None:
    namespace = schema.get("targetNamespace")
    for node in schema:
        name = node.get("name")
        if name is None or node.tag not in (f"{_XS}complexType", f"{_XS}simpleType", f"{_XS}element"):
            continue
        tag = f"{{{namespace}}}{name}" if namespace else name
        if node.tag == f"{_XS}element":
            if node.get("abstract") in _YES:
                facts.abstract_elements.add(tag)
            if head := _resolve_name(node, node.get("substitutionGroup"), namespace):
                facts.members.setdefault(head, []).append(tag)
            continue
        if node.get("abstract") in _YES:
            facts.abstract_types.add(tag)
        derivation = next(iter(_iterate_derivations(node)), None)
        base = None if derivation is None else _resolve_name(derivation, derivation.get("base"), namespace)
        if base is not None:
            facts.bases[tag] = base
        if derivation is not None and node.tag == f"{_XS}simpleType":
            values = tuple(each.get("value", "") for each in derivation.iterfind(f"{_XS}enumeration"))
            if values:
                facts.values[tag] = values


def _iterate_derivations(node: _Element) -> Iterable[_Element]:
    for child in node:
        if child.tag in (f"{_XS}extension", f"{_XS}restriction"):
            yield child
        elif child.tag in (f"{_XS}complexContent", f"{_XS}simpleContent"):
            yield from _iterate_derivations(child)


def _resolve_name(node: _Element, name: str | None, target: str | None) -> str | None:
    """A QName as a tag. A name without a prefix is of the default namespace, or of the schema's where there is none."""
    if not name:
        return None
    prefix, _, local = name.strip().rpartition(":")
    namespace = node.nsmap.get(prefix or None) or (None if prefix else target)
    return etree.QName(namespace, local).text if namespace else local
