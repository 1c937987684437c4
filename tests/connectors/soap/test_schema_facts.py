"""What WSDLs say of types that zeep does not keep."""

from __future__ import annotations

from connectors.soap.schema_facts import read_facts

DOCUMENT = b"""<d xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t"><xs:schema targetNamespace="urn:t">
<xs:complexType name="Pet" abstract="true"/><xs:complexType name="Cat"><xs:complexContent><xs:extension base="t:Pet"/>
</xs:complexContent></xs:complexType><xs:complexType name="Lion"><xs:complexContent><xs:restriction base="t:Cat"/>
</xs:complexContent></xs:complexType><xs:simpleType name="Code"><xs:restriction base="xs:string"/></xs:simpleType>
<xs:element name="shape" abstract="1"/><xs:element name="round" abstract="true" substitutionGroup="t:shape"/>
<xs:element name="circle" substitutionGroup="t:round"/></xs:schema>
<xs:schema><xs:complexType name="Free" abstract="true"/></xs:schema></d>"""


def test_abstract_types_derivation_and_substitution() -> None:
    """In several steps; what is abstract itself cannot be sent."""
    facts = read_facts([DOCUMENT, b"not xml"])
    assert facts.is_abstract("{urn:t}Pet")
    assert not facts.is_abstract("{urn:t}Cat")
    assert facts.is_abstract("{urn:other}Free")
    assert facts.is_derived("{urn:t}Lion", "{urn:t}Pet")
    assert facts.is_derived("{urn:t}Code", "{http://www.w3.org/2001/XMLSchema}string")
    assert not facts.is_derived("{urn:t}Pet", "{urn:t}Lion")
    assert sorted(facts.list_derived("{urn:t}Pet")) == ["{urn:t}Cat", "{urn:t}Lion"]
    assert facts.list_members("{urn:t}shape") == ["{urn:t}circle"]


def test_circles_end() -> None:
    """Of types and of elements: no schema should have them."""
    facts = read_facts(
        [
            b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:simpleType name="a"><xs:restriction base="b"/>
            </xs:simpleType><xs:simpleType name="b"><xs:restriction base="a"/></xs:simpleType>
            <xs:element name="x" substitutionGroup="y"/><xs:element name="y" substitutionGroup="x"/></xs:schema>"""
        ]
    )
    assert not facts.is_derived("a", "c")
    assert facts.list_members("x") == ["y"]
