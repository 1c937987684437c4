"""Projects in a folder, and what the checks find in them."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from bff.app import load_project
from bff.authoring import SchemaError
from bff.checks import Finding, check_project, read_findings
from bff.config import ConfigError

WSDL = """\
<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<w:types><xs:schema targetNamespace="urn:t">
<xs:simpleType name="Color"><xs:restriction base="xs:string"><xs:enumeration value="RED"/><xs:enumeration value="BLUE"/>
</xs:restriction></xs:simpleType>
<xs:complexType name="Item"><xs:sequence><xs:element name="Sku" type="xs:string"/>
<xs:element name="Color" type="t:Color"/></xs:sequence></xs:complexType>
<xs:element name="Find"><xs:complexType><xs:sequence><xs:element name="Sku" type="xs:string"/>
<xs:element name="Limit" type="xs:int" minOccurs="0"/><xs:element name="Color" type="t:Color" minOccurs="0"/>
</xs:sequence></xs:complexType></xs:element>
<xs:element name="Found"><xs:complexType><xs:sequence>
<xs:element name="Item" type="t:Item" minOccurs="0" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element></xs:schema></w:types>
<w:message name="I"><w:part name="p" element="t:Find"/></w:message>
<w:message name="O"><w:part name="p" element="t:Found"/></w:message>
<w:portType name="P"><w:operation name="Find"><w:input message="t:I"/><w:output message="t:O"/></w:operation></w:portType>
<w:binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<w:operation name="Find"><soap:operation soapAction=""/><w:input><soap:body use="literal"/></w:input>
<w:output><soap:body use="literal"/></w:output></w:operation></w:binding>
<w:service name="S"><w:port name="Q" binding="t:B"><soap:address location="http://127.0.0.1:1/"/></w:port></w:service>
</w:definitions>
"""
PROTO = """\
syntax = "proto3";
package shop;
enum Color { COLOR_UNSPECIFIED = 0; RED = 1; }
message FindRequest { string sku = 1; int32 limit = 2; Color color = 3; repeated string skus = 4; bool is_new = 5; }
message Item { string sku = 1; Color color = 2; Maker maker = 3; }
message Maker { string name = 1; }
message Found { repeated Item items = 1; Maker maker = 2; }
service Shop { rpc Find(FindRequest) returns (Found); rpc Watch(FindRequest) returns (stream Item); }
"""
SDL = """\
enum Color { RED BLUE }
type Item { sku: ID! color: Color maker: Maker }
type Maker { name: String }
input Filter { sku: ID! limit: Int }
type Query { item(sku: ID!): Item items(filter: Filter, color: Color): [Item!]! itemsOf(skus: [ID!]!): [Item] }
type Mutation { drop(sku: ID!): Boolean }
"""
OPENAPI = """\
openapi: 3.0.3
paths:
  /items: {get: {parameters: [{name: sku, in: query}]}}
  /more: {get: {}}
  /items/{sku}: {get: {}}
  /goods:
    get:
      parameters: [{name: color, in: query, schema: {type: string, enum: [RED, BLUE]}}]
      responses: {200: {content: {application/json: {schema: {type: object, properties: {
        goods: {type: array, items: {$ref: "#/components/schemas/Good"}}}}}}}}
  /goods/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {200: {content: {application/json: {schema: {$ref: "#/components/schemas/Good"}}}}}}
    put:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Good"}}}}
components:
  schemas:
    Good: {type: object, required: [sku], properties: {sku: {type: string}, maker: {$ref: "#/components/schemas/Maker"}}}
    Maker: {properties: {name: {type: string}, isNew: {type: boolean}}}
"""
CONFIG = """\
upstreams:
  catalog: {rest: "http://127.0.0.1:1", openapi: catalog.yaml}
  stock: {soap: stock.wsdl}
  prices: {grpc: "127.0.0.1:1", protos: [prices.proto]}
  reviews: {graphql: "http://127.0.0.1:1/", schema: reviews.graphql}
frontends:
  web: {schema: web, default: true, limits: {max_cost: 100}}
"""
FILES = {"bff.yaml": CONFIG, "catalog.yaml": OPENAPI, "stock.wsdl": WSDL, "prices.proto": PROTO, "reviews.graphql": SDL}
HEAD = """\
import enum
import strawberry
from bff.authoring import argument, computed, frontend, take, via
from connectors import graphql, grpc, queue, rest, soap
catalog, stock, prices, reviews = rest("catalog"), soap("stock"), grpc("prices"), graphql("reviews")
"""
TAIL = "schema = frontend(query=Query)\n"


@contextmanager
def fresh_imports() -> Iterator[None]:
    """Forget afterwards what was imported from a test's folder."""
    modules, paths = set(sys.modules), list(sys.path)
    try:
        yield
    finally:
        for name in set(sys.modules) - modules:
            if not name.startswith(("bff", "connectors", "google", "grpc", "zeep")):
                del sys.modules[name]
        sys.path[:] = paths


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The files of a project; bff.yaml's path."""
    for name, text in {**FILES, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder / "bff.yaml"


def find(folder: Path, schema: str, files: Mapping[str, str] | None = None, *, online: bool = False) -> list[Finding]:
    """What is found in a project whose schema module has these lines."""
    write(folder, {"web.py": HEAD + textwrap.dedent(schema) + TAIL, **(files or {})})
    with pytest.MonkeyPatch.context() as patch, fresh_imports():
        patch.chdir(folder)
        config = Path("bff.yaml")
        try:
            project = load_project(config, {})
            return asyncio.run(check_project(project.settings, project.schemas, config, online=online))
        except (ConfigError, SchemaError) as error:
            return read_findings(error, config)
