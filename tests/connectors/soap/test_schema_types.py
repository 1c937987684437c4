"""Types and elements by name."""

from __future__ import annotations

from pathlib import Path

from tests.connectors.soap.shapes import NS, load_method, write_wsdl

TYPES = """<xs:complexType name="Pet"><xs:sequence/></xs:complexType><xs:complexType name="Cat"><xs:complexContent>
<xs:extension base="t:Pet"><xs:sequence><xs:any minOccurs="0"/></xs:sequence><xs:anyAttribute/></xs:extension>
</xs:complexContent></xs:complexType><xs:element name="pet" type="t:Pet"/><xs:complexType name="string"><xs:sequence/>
</xs:complexType>"""


async def test_types_are_found_by_name(tmp_path: Path) -> None:
    """A local name is best of a derived type; one of XSD has its prefix."""
    types = (await load_method(tmp_path, write_wsdl(TYPES))).types
    pet = types.find_named_type("Pet", types.find_named_type("xs:anyType", None))
    cat = types.find_named_type("Cat", pet)
    assert types.fits(cat, pet)
    assert not types.fits(pet, cat)
    assert types.find_named_type(f"{{{NS}}}Cat", pet) is cat
    assert types.find_named_type("Cow", pet) is None
    assert types.find_named_type("xs:string", pet) is not types.find_named_type(f"{{{NS}}}string", pet)
    assert types.list_derived(pet) == ["Cat"]
    record = types.get_record(cat)
    assert types.get_record(cat) is record
    assert (record.takes_any, record.takes_any_attribute) == (True, True)


async def test_elements_are_found_by_name(tmp_path: Path) -> None:
    """By their own, or with the namespace."""
    types = (await load_method(tmp_path, write_wsdl(TYPES))).types
    element = types.find_global_element("pet")
    assert element is not None
    assert types.find_global_element(f"{{{NS}}}pet") is element
    assert types.find_global_element("cow") is None
