"""What a WSDL offers, for checks of endpoints before the first call."""

from __future__ import annotations

from pathlib import Path

from tests.connectors.soap.shapes import load_method, write_wsdl

TYPES = """<xs:complexType name="Pet" abstract="true"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence>
<xs:attribute name="id" type="xs:int" use="required"/></xs:complexType>"""
INSIDE = """<xs:element name="pet" type="t:Pet" maxOccurs="9"/><xs:element name="count" type="xs:int" minOccurs="0"/>
<xs:any minOccurs="0"/>"""


async def test_what_a_message_takes_and_a_reply_has(tmp_path: Path) -> None:
    """By the names that endpoints use; types that hold themselves end where they are asked for."""
    method = await load_method(tmp_path, write_wsdl(TYPES, INSIDE, '<xs:element name="pet" type="t:Pet"/>'))
    takes = method.describe_input()
    assert takes is not None
    assert takes.takes_any
    assert {name: (each.is_required, each.is_list, each.type_name) for name, each in takes.fields.items()} == {
        "pet": (True, True, "Pet"),
        "count": (False, False, "int"),
    }
    inner = takes.fields["pet"].inside
    assert inner is not None
    assert {name: each.is_required for name, each in inner.fields.items()} == {"name": True, "id": True}
    gives = method.describe_output()
    assert gives is not None
    assert list(gives.fields) == ["pet"]
