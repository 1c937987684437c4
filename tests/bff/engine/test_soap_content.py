"""Content of SOAP replies that has no field of its own kind: types named by xsi:type, xs:any, headers; both engines alike."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import strawberry
from strawberry.scalars import JSON

from bff.authoring import frontend, via
from bff.gateway.gateway import Gateway
from bff.policies.outbound.options import Options as PolicyOptions
from bff.upstreams.upstream import Upstream, UpstreamSettings
from connectors import soap
from connectors.soap.connector import connect
from connectors.soap.options import Options
from tests.bff.engine.comparing import asked, engines
from tests.connectors.http_world import HttpWorld, response
from tests.connectors.soap.shapes import NS, XSI, write_wsdl

api = soap("api")
TYPES = """<xs:complexType name="Pet"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence></xs:complexType>
<xs:complexType name="Cat"><xs:complexContent><xs:extension base="t:Pet"><xs:sequence><xs:element name="lives"
type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType><xs:complexType name="Dog">
<xs:complexContent><xs:extension base="t:Pet"/></xs:complexContent></xs:complexType>"""
OUTSIDE = """<xs:element name="pet" type="t:Pet" maxOccurs="unbounded"/><xs:element name="set"><xs:complexType><xs:sequence>
<xs:any/></xs:sequence></xs:complexType></xs:element>"""
REPLY = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="{NS}" xmlns:i="{XSI[1:-1]}"><s:Header>
<t:Session><t:id>abc</t:id></t:Session></s:Header><s:Body><AskResponse xmlns="{NS}"><pet i:type="t:Cat"><name>Tom</name>
<lives>9</lives></pet><pet i:type="t:Dog"><name>Rex</name></pet><set><Table xmlns=""><Row><Id>7</Id></Row><Row><Id>8</Id>
</Row></Table></set></AskResponse></s:Body></s:Envelope>"""


@strawberry.interface
class Pet:
    name: str


@strawberry.type
class Cat(Pet):
    lives: int


@strawberry.type
class Dog(Pet):
    pass


@strawberry.type
class Row:
    id: str = strawberry.field(name="Id")


@strawberry.type
class Session:
    id: str


@strawberry.type
class Query:
    pets: list[Pet] = via(api.call("Ask", at="pet"))
    rows: list[Row] = via(api.call("Ask", at="set.Table.Row"))
    raw: JSON = via(api.call("Ask", at="set"))
    session: Session = via(api.call("Ask", header="Session"))


SCHEMA: Any = frontend(query=Query, types=[Cat, Dog])


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[Gateway, Gateway]]:
    (tmp_path / "api.wsdl").write_text(write_wsdl(TYPES, outside=OUTSIDE))
    async with HttpWorld(answer=lambda _: response(REPLY.encode(), content_type="text/xml")) as http:
        options = Options.model_validate({"address": str(tmp_path / "api.wsdl"), "endpoint": http.url})
        settings = UpstreamSettings(name="api", kind="soap", connector=options, policies=PolicyOptions())
        connector = connect("api", options)
        try:
            yield engines(SCHEMA, Upstream(settings, connector))
        finally:
            await connector.close()


@pytest.mark.parametrize(
    ("query", "data"),
    [
        (
            "{pets{__typename name ... on Cat{lives}}}",
            {"pets": [{"__typename": "Cat", "name": "Tom", "lives": 9}, {"__typename": "Dog", "name": "Rex"}]},
        ),
        ("{rows{Id}}", {"rows": [{"Id": "7"}, {"Id": "8"}]}),
        ("{raw}", {"raw": {"Table": {"Row": [{"Id": "7"}, {"Id": "8"}]}}}),
        ("{session{id}}", {"session": {"id": "abc"}}),
    ],
)
async def test_both_engines_answer_it(both: tuple[Gateway, Gateway], query: str, data: Any) -> None:
    """Also from the second time on, when replies are read as records where that is possible."""
    for engine in both:
        for _ in range(3):
            answer = await asked(engine, query, {})
            assert json.loads(answer["text"]) == {"data": data}
