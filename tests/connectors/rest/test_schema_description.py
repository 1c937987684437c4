"""An OpenAPI description as a Description: each mistake has its words, and what may be right has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors import rest
from connectors.descriptions import DataType, RequestUse, follow_path
from connectors.endpoint import Endpoint
from connectors.errors import DefinitionError
from connectors.rest.connector import connect
from connectors.rest.options import Options
from connectors.rest.schema_description import OpenApiDescription

NEW = """
openapi: 3.1.0
servers: [{url: "http://shop.example/v2"}]
paths:
  /items:
    parameters:
    - {name: color, in: query, schema: {$ref: "#/components/schemas/Color"}}
    get:
      parameters:
      - {name: limit, in: query, schema: {type: integer}}
      - {name: tags, in: query, explode: false, schema: {type: array, items: {enum: [new, old, "on, sale"]}}}
      - {name: page, in: query, style: deepObject, schema: {type: object, properties: {size: {type: integer}}}}
      - {name: X-Tenant, in: header, schema: {type: string}}
      responses:
        200: {content: {application/json: {schema: {type: object, properties: {
          items: {type: array, items: {$ref: "#/components/schemas/Item"}}}}}}}
        default: {content: {application/json: {schema: {type: object, properties: {error: {type: string}}}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}
      responses: {201: {description: made}}
  /items/{item_id}:
    get:
      parameters: [{name: item_id, in: path, required: true, schema: {type: integer}}]
      responses: {200: {content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}, 204: {}}
    patch:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Patch"}}}}
      responses: {200: {content: {application/json: {}}}}
  /items/newest: {get: {responses: {200: {content: {"*/*": {schema: {$ref: "#/components/schemas/Labels"}}}}}}}
  /find:
    get:
      parameters:
      - {name: q, in: query, required: true, schema: {type: string}}
      - {name: api_key, in: query, required: true, schema: {type: string}}
      responses: {2XX: {content: {application/hal+json: {schema: {oneOf: [
        {$ref: "#/components/schemas/Item"}, {$ref: "#/components/schemas/Maker"}, {type: "null"}]}}}}}
  /do: {post: {requestBody: {required: true, content: {application/json: {}}}}}
  "/do#undo": {post: {}}
  /elsewhere: {get: {parameters: [{$ref: "other.yaml#/p"}],
    responses: {200: {content: {application/json: {schema: {$ref: "other.yaml#/s"}}}}}}}
  /nodes: {get: {responses: {200: {content: {application/json: {schema: {$ref: "#/components/schemas/Node"}}}}}}}
components:
  schemas:
    Color: {type: string, enum: [red, blue]}
    Maker: {type: object, required: [name], properties: {name: {type: string}, on: {type: string}}}
    Item:
      allOf:
      - {$ref: "#/components/schemas/Named"}
      - type: object
        required: [sku, name, id]
        properties:
          id: {type: integer, readOnly: true}
          sku: {type: string}
          color: {$ref: "#/components/schemas/Color"}
          maker: {anyOf: [{$ref: "#/components/schemas/Maker"}, {type: "null"}]}
          secret: {type: string, writeOnly: true}
      - {description: of the shop}
    Named: {type: object, properties: {name: {type: [string, "null"]}}}
    Patch: {type: object, additionalProperties: false, properties: {name: {type: string}}}
    Labels: {type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}
    Node: {allOf: [{$ref: "#/components/schemas/Node"}, {properties: {next: {$ref: "#/components/schemas/Node"}}}]}
"""
OLD: dict[str, Any] = {
    "swagger": "2.0",
    "basePath": "/v1",
    "produces": ["application/json"],
    "paths": {
        "/pets": {
            "get": {
                "parameters": [{"name": "status", "in": "query", "required": True, "type": "string", "enum": ["sold"]}],
                "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}},
            },
            "post": {
                "parameters": [{"name": "it", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}}]
            },
            "put": {"parameters": [{"name": "nick", "in": "formData", "required": True, "type": "string"}]},
        },
    },
    "definitions": {"Pet": {"required": ["name"], "properties": {"name": {"type": "string"}}}},
}
shop = rest("shop")


async def read_description(folder: Path, content: str, address: str) -> OpenApiDescription:
    """The description in a file."""
    (folder / "api").write_text(content)
    options = Options(address=address, openapi=folder / "api", query={"api_key": "k"})  # type: ignore[dict-item]
    connector = connect("shop", options)
    try:
        description = await connector.describe()
    finally:
        await connector.close()
    assert description is not None
    return description


async def check(folder: Path, endpoint: Endpoint, address: str = "http://127.0.0.1:1/v2") -> RequestUse:
    """What an endpoint sends, compared with NEW."""
    return (await read_description(folder, NEW, address)).check_request(endpoint.operation)


PROBLEMS: dict[str, tuple[Endpoint, str]] = {
    "a query parameter is missing": (shop.get("/find"), 'the query parameter "q" is required, and is not in the path'),
    "an integer": (shop.get("/items?limit=ten"), 'the query parameter limit is of kind integer, and "ten" is sent'),
    "an enum": (shop.get("/items?color=pink"), 'no value "pink"; it has red, blue'),
    "an enum of a list": (shop.get("/items?tags=new,odd"), 'no value "odd"; did you mean "old"?'),
    "a segment": (shop.get("/items/oldest"), 'the path parameter item_id is of kind integer, and "oldest" is sent'),
    "no body": (shop.post("/items"), "requires a body, and none is sent"),
    "a field of the body": (shop.patch("/items/{id}", json={"nam": "{n}"}), 'the schema Patch has no field "nam"'),
    "a required field": (shop.post("/items", json={"name": "{n}"}), 'the body: the schema Item needs the field "sku"'),
    "an enum in the body": (
        shop.post("/items", json={"name": "a", "sku": "b", "color": "pink"}),
        'the schema Color, which has no value "pink"',
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
async def test_problems(case: str, tmp_path: Path) -> None:
    """What each call would fail for."""
    endpoint, expected = PROBLEMS[case]
    (problem,) = (await check(tmp_path, endpoint)).problems
    assert expected in problem


DOUBTS: dict[str, tuple[Endpoint, str, str]] = {
    "a query parameter": (shop.get("/items?lmit={n}"), "/v2", 'no query parameter "lmit"; did you mean "limit"?'),
    "a header": (shop.get("/items", headers={"X-Tennant": "{t}"}), "/v2", 'no header "x-tennant"; did you mean "X-Te'),
    "a field of the body": (
        shop.post("/items", json={"name": "a", "sku": "b", "colour": "red"}),
        "/v2",
        'has no field "colour"; did you mean "color"?',
    ),
    "a form": (shop.post("/items", form={"name": "a"}), "/v2", "takes application/json, and form= is sent"),
    "a slash": (shop.get("/items/"), "/v2", "has /items, which differs in the slash at its end"),
    "the server's path": (shop.get("/items"), "", "has /items below /v2, which the address lacks"),
}


@pytest.mark.parametrize("case", DOUBTS)
async def test_doubts(case: str, tmp_path: Path) -> None:
    """What calls may be answered in spite of."""
    endpoint, prefix, expected = DOUBTS[case]
    use = await check(tmp_path, endpoint, f"http://shop.example{prefix}")
    assert use.problems == ()
    assert len(use.doubts) == 1
    assert use.doubts[0].startswith("shop: ")
    assert expected in use.doubts[0]


UNKNOWN: dict[str, tuple[Endpoint, str]] = {
    "a path": (shop.get("/itms"), 'shop: GET /itms: .* has no such path; did you mean "/items"?'),
    "with a parameter": (shop.get("/itms/{sku}"), 'did you mean "/items/{item_id}"?'),
    "of a batch": (shop.get("/items/{sku}", many="/itms?ids={sku}"), "GET /itms: "),
    "a method": (shop.delete("/items/{id}"), "has /items/{item_id} with GET, PATCH, not with DELETE"),
}


@pytest.mark.parametrize("case", UNKNOWN)
async def test_unknown_operations(case: str, tmp_path: Path) -> None:
    """The nearest path, or the methods that there are."""
    endpoint, expected = UNKNOWN[case]
    with pytest.raises(DefinitionError) as caught:
        await check(tmp_path, endpoint)
    for part in expected.split(" .* "):
        assert part in str(caught.value)


GOOD: dict[str, tuple[Endpoint, str]] = {
    "all of a list": (
        shop.get("/items?limit=5&color=red&tags={tags:comma}&page[size]={n}", headers={"x-tenant": "a", "x-b": "c"}),
        "http://h/v2",
    ),
    "an item with a comma": (shop.get("/items?tags=on,%20sale"), "http://h/v2"),
    "a mapping": (shop.get("/items?page={page:deep}"), "http://h/v2"),
    "names that are entries": (shop.get("/find?{filter*}"), "http://h/v2"),
    "an address with more": (shop.get("/items/{sku}"), "http://h/shop/v2"),
    "an address with less": (shop.get("/items/{sku}"), "http://h"),
    "the server's path in the endpoint": (shop.get("/v2/items/{sku}"), "http://h"),
    "a constant that is a path of its own": (shop.get("/items/newest"), "http://h/v2"),
    "a parameter that may be a constant": (shop.get("/{collection}"), "http://h/v2"),
    "several segments in one value": (shop.get("/{+path}"), "http://h/v2"),
    "parameters of another file": (shop.get("/elsewhere?a={a}"), "http://h/v2"),
    "a path that a fragment tells from another": (shop.post("/do"), "http://h/v2"),
    "head of what has get": (shop.head("/items"), "http://h/v2"),
    "a field that only replies have": (shop.post("/items", json={"name": "{n}", "sku": "{s}"}), "http://h/v2"),
}


@pytest.mark.parametrize("case", GOOD)
async def test_what_may_be_right_is_not_reported(case: str, tmp_path: Path) -> None:
    """Where the description does not say for sure, nothing is said."""
    endpoint, address = GOOD[case]
    use = await check(tmp_path, endpoint, address)
    assert (use.problems, use.doubts) == ((), ())


async def test_types_of_parameters(tmp_path: Path) -> None:
    """Of paths, queries and bodies."""
    endpoint = shop.get("/items/{sku}", many="/items?limit={n}&color={c}&tags={sku}", batch="sku", key="sku")
    parameters = (await check(tmp_path, endpoint)).parameters
    assert (parameters["n"].scalar, parameters["c"].values) == ("integer", ("red", "blue"))
    body = (await check(tmp_path, shop.post("/items", json="{input}"))).parameters["input"]
    assert body.fields is not None
    assert {"id", "sku", "secret", "name"} <= body.fields().keys()


PATHS: dict[str, tuple[Endpoint, tuple[str, ...], str]] = {
    "a list": (shop.get("/items"), ("items", "0", "sku"), ""),
    "a list's field": (shop.get("/items"), ("itms",), 'the reply has no "itms"; did you mean "items"?'),
    "of allOf": (shop.get("/items/{a}"), ("name",), ""),
    "what only requests have": (shop.get("/items/{a}"), ("secret",), 'the schema Item has no "secret"'),
    "of anyOf": (shop.get("/items/{a}"), ("maker", "nme"), 'the schema Maker has no "nme"; did you mean "name"?'),
    "a name that YAML 1.1 takes for true": (shop.get("/items/{a}"), ("maker", "on"), ""),
    "of each of oneOf": (shop.get("/find"), ("sku",), ""),
    "of none of oneOf": (shop.get("/find"), ("sk",), 'the schema Item or the schema Maker has no "sk"'),
    "additional properties": (shop.get("/items/newest"), ("any", "thing"), ""),
    "no schema": (shop.patch("/items/{a}"), ("any", "thing"), ""),
    "no content": (shop.post("/items"), ("any",), ""),
    "a schema elsewhere": (shop.get("/elsewhere"), ("any",), ""),
    "text": (shop.get("/items", reply="text"), ("any",), ""),
    "a schema in itself": (shop.get("/nodes"), ("next", "next", "next"), ""),
}


@pytest.mark.parametrize("case", PATHS)
async def test_replies(case: str, tmp_path: Path) -> None:
    """Paths lead to what the schemas have; where nothing is known, anywhere."""
    endpoint, path, expected = PATHS[case]
    description = await read_description(tmp_path, NEW, "http://h/v2")
    reply = description.describe_reply(endpoint.operation, is_batch=False)
    if not expected:
        assert isinstance(follow_path(reply, path), DataType)
        return
    with pytest.raises(DefinitionError) as caught:
        follow_path(reply, path)
    assert expected in str(caught.value)


async def test_swagger(tmp_path: Path) -> None:
    """Bodies and forms are parameters there."""
    description = await read_description(tmp_path, json.dumps(OLD), "http://h/v1")

    def problems(endpoint: Endpoint) -> str:
        return " ".join(description.check_request(endpoint.operation).problems)

    assert problems(shop.get("/pets?status={s}")) == problems(shop.post("/pets", json={"name": "{n}"})) == ""
    assert "parameter status is one of an enum" in problems(shop.get("/pets?status=gone"))
    assert 'the schema Pet needs the field "name"' in problems(shop.post("/pets", json={}))
    assert 'the form needs the field "nick"' in problems(shop.put("/pets", form={}))
    assert "requires a body" in problems(shop.put("/pets"))
    reply = description.describe_reply(shop.get("/pets?status=sold").operation, is_batch=False)
    assert follow_path(reply, ("0", "name")).scalar == "text"
