"""Draws strawberry schemas whose data comes over SOAP, and the WSDL of that upstream. GraphQL wants what it may not get.

Elements of every kind, under their own names and others, alone and repeated, optional or not, and attributes; most are
declared as what they are, some as another type.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from bff.authoring import FrontendSchema, take
from connectors import soap
from tests.bff.engine.drawn_types import DrawnType, draw_query, draw_types

api = soap("api")


@strawberry.enum
class Color(Enum):
    """One of its names is not its value."""

    RED = "red"
    BLUE = "text"


@strawberry.type
class Money:
    """An element with text and attributes."""

    amount: str | None = take("_value_1")
    currency: str | None
    taxed: bool | None


WHOLE = [int, strawberry.ID, float, JSON]
TEXT = [str, strawberry.ID, JSON]
REAL = [float, float, JSON]
KINDS: dict[str, list[Any]] = {
    **dict.fromkeys(["xs:int", "xs:long", "xs:integer", "xs:unsignedInt"], WHOLE),
    **dict.fromkeys(["xs:float", "xs:double"], REAL),
    "xs:decimal": TEXT,
    "xs:boolean": [bool, JSON],
    "xs:string": [*TEXT, *TEXT, Color],
    "xs:token": TEXT,
    "xs:dateTime": [datetime, str],
    "xs:date": [date, str],
    "xs:base64Binary": TEXT,
    "xs:anyType": [JSON, JSON, str],
    "t:Sizes": [JSON, JSON, list[int]],
    "t:IntOrName": [JSON, JSON, strawberry.ID],
    "t:Money": [Money, Money, JSON],
}
"""By type in the schema: types in GraphQL that it can be."""
ANY = [int, float, str, bool, strawberry.ID, JSON, Color, datetime, Money]
HEAD = """<?xml version="1.0" encoding="utf-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
             xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:drawn" targetNamespace="urn:drawn">
<types><xs:schema targetNamespace="urn:drawn" elementFormDefault="{form}">
<xs:simpleType name="Sizes"><xs:list itemType="xs:int"/></xs:simpleType>
<xs:simpleType name="IntOrName"><xs:union memberTypes="xs:int xs:string"/></xs:simpleType>
<xs:complexType name="Money"><xs:simpleContent><xs:extension base="xs:decimal">
  <xs:attribute name="currency" type="xs:string"/><xs:attribute name="taxed" type="xs:boolean" default="true"/>
</xs:extension></xs:simpleContent></xs:complexType>
<xs:element name="Ask"><xs:complexType><xs:sequence>
  <xs:element name="way" type="xs:string"/><xs:element name="keys" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element>
"""
ANSWER = """<xs:complexType name="All{0}"><xs:sequence>
  <xs:element name="items" type="t:{0}" minOccurs="0" maxOccurs="unbounded"/>
  <xs:element name="first" type="t:{0}"/><xs:element name="more" type="t:All{0}" minOccurs="0"/>
</xs:sequence></xs:complexType>
<xs:element name="Got{0}" type="t:All{0}"/>
"""
OPERATION = """<operation name="Get{0}"><soap:operation soapAction="{0}"/>
<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>
"""


@dataclass
class Record(DrawnType):
    """A type of records under construction: its strawberry class and its text in the schema."""

    elements: list[str] = field(default_factory=list)
    deep: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)

    def add(self, name: str, kind: str, type_: Any, chance: random.Random) -> None:
        """A field: under its own name, in camelCase, under another name, or deeper inside; an element or attribute."""
        way = chance.randrange(6)
        shown = {0: f"other_{name}", 2: to_camel_case(name)}.get(way, name)
        if way != 1 and kind.startswith("xs:") and kind != "xs:anyType" and chance.random() < 0.15:
            self.annotations[name] = type_ | None
            default = ' default="1"' if kind in ("xs:int", "xs:boolean") and chance.random() < 0.5 else ""
            self.place(name, way, chance)
            self.attributes.append(f'<xs:attribute name="{shown}" type="{kind}"{default}/>')
            return
        occurs, self.annotations[name] = _occurring(type_, chance)
        self.place(name, way, chance)
        lines = self.deep if way == 1 else self.elements
        lines.append(f'<xs:element name="{shown}" type="{kind}" {occurs}/>')

    def close(self) -> None:
        if self.deep:
            deep = f"<xs:complexType><xs:sequence>{''.join(self.deep)}</xs:sequence></xs:complexType>"
            self.elements.append(f'<xs:element name="deep">{deep}</xs:element>')
        super().close()

    @property
    def xsd(self) -> str:
        inside = f"<xs:sequence>{''.join(self.elements)}</xs:sequence>{''.join(self.attributes)}"
        return f'<xs:complexType name="{self.name}">{inside}</xs:complexType>\n{ANSWER.format(self.name)}'


@dataclass
class Drawn:
    """A schema, and the WSDL of the upstream it is over."""

    schema: FrontendSchema
    wsdl: str


def draw_schema(seed: int) -> Drawn:
    """See draw_types."""
    chance = random.Random(seed)

    def leaf(name: str) -> Record:
        record = Record(name, elements=['<xs:element name="id" type="xs:string"/>'])
        record.add_leaves(chance, KINDS, ANY)
        return record

    records = draw_types(leaf, lambda record, nested, fetched: _nest(record, nested, fetched, chance))
    schema = draw_query(records, lambda name, way: api.call(f"Get{name}", way=way, at=way), "more.first")
    return Drawn(schema, _wsdl(records, chance.choice(["qualified", "unqualified"])))


def _wsdl(records: list[Record], form: str) -> str:
    names = [each.name for each in records]
    messages = "".join(f'<message name="Out{n}"><part name="p" element="t:Got{n}"/></message>' for n in names)
    ports = "".join(
        f'<operation name="Get{n}"><input message="t:In"/><output message="t:Out{n}"/></operation>' for n in names
    )
    return (
        f"{HEAD.format(form=form)}{''.join(each.xsd for each in records)}</xs:schema></types>\n"
        f'<message name="In"><part name="p" element="t:Ask"/></message>{messages}<portType name="Api">{ports}</portType>\n'
        '<binding name="Api" type="t:Api"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>\n'
        f"{''.join(OPERATION.format(n) for n in names)}</binding>\n"
        '<service name="Api"><port name="Api" binding="t:Api"><soap:address location="http://127.0.0.1:9/"/></port>'
        "</service></definitions>\n"
    )


def _occurring(type_: Any, chance: random.Random) -> tuple[str, Any]:
    way = chance.randrange(4)
    if way == 0:
        item = type_ | None if chance.random() < 0.3 else type_
        return 'minOccurs="0" maxOccurs="unbounded"', list[item] | None if chance.random() < 0.3 else list[item]
    if way == 1:
        return 'minOccurs="0" nillable="true"', type_ | None if chance.random() < 0.9 else type_
    return "", type_ if chance.random() < 0.7 else type_ | None


def _nest(record: Record, nested: list[Record], fetched: list[Record], chance: random.Random) -> Record:
    for each in nested:
        record.add(f"in_{each.name.lower()}", f"t:{each.name}", each.cls, chance)
    if nested:
        record.elements.append('<xs:element name="key" type="xs:string" minOccurs="0"/>')
        record.annotations["key"] = str | None
    many, group = {"keys": "{id}", "way": "many"}, {"keys": "{id}", "way": "group"}
    for each in fetched:
        method = f"Get{each.name}"
        record.define_fetches(
            each,
            api.call(method, many=many, at="items", key="id"),
            api.call(method, many=group, at="more.items", key="id", group=True),
            api.call(method, way="single", keys=["{id}"], at="more.first", each=4),
        )
    record.close()
    return record
