"""A WSDL as a Description."""

from __future__ import annotations

from pathlib import Path

from connectors import soap
from connectors.descriptions import follow_path
from connectors.soap.connector import connect
from connectors.soap.options import Options
from connectors.soap.schema_description import describe_type
from connectors.soap.schema_zeep import get_input, get_output
from tests.bff.checks.projects import WSDL
from tests.connectors.soap.shapes import load_method, write_wsdl

TYPES = """<xs:complexType name="Pet" abstract="true"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence>
<xs:attribute name="id" type="xs:int" use="required"/></xs:complexType>"""
INSIDE = """<xs:element name="pet" type="t:Pet" maxOccurs="9"/><xs:element name="count" type="xs:int" minOccurs="0"/>
<xs:any minOccurs="0"/>"""


async def test_messages_headers_and_replies(tmp_path: Path) -> None:
    """Optional elements need not be there; a header that the WSDL lacks is a problem."""
    (tmp_path / "a.wsdl").write_text(WSDL)
    connector = connect("stock", Options(address=str(tmp_path / "a.wsdl")))
    description = await connector.describe()
    await connector.close()
    assert description is not None
    good = soap("stock").call("Find", Sku="{sku}").operation
    assert description.check_request(good).problems == ()
    assert follow_path(description.describe_reply(good, is_batch=False), ("Item", "0", "Color")).values == (
        "RED",
        "BLUE",
    )
    (problem,) = description.check_request(
        soap("stock").call("Find", Sku="1", headers={"Who": "{a}"}).operation
    ).problems
    assert 'no element "Who" for a header' in problem


async def test_what_a_message_takes_and_a_reply_has(tmp_path: Path) -> None:
    """By the names that endpoints use."""
    method = await load_method(tmp_path, write_wsdl(TYPES, INSIDE, '<xs:element name="pet" type="t:Pet"/>'))
    takes = describe_type(method.types, get_input(method.operation).type)
    assert takes.is_open
    assert takes.fields is not None
    fields = takes.fields()
    assert {name: (fields[name].is_required, fields[name].item is not None) for name in ("pet", "count")} == {
        "pet": (True, True),
        "count": (False, False),
    }
    pet = follow_path(takes, ("pet", "0"))
    assert pet.fields is not None
    assert {"name", "id", "@id"} <= pet.fields().keys()
    assert pet.fields()["name"].is_required
    gives = describe_type(method.types, get_output(method.operation).type)
    assert gives.fields is not None
    assert "pet" in gives.fields()
