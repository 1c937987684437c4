"""The mistakes that people make, and the line that each of them gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bff.checks.projects import CONFIG, find

ITEM = """
@strawberry.type
class Item:
    sku: strawberry.ID
"""
QUERY = """
@strawberry.type
class Query:
"""
ONE = ITEM + QUERY + "    item: Item | None = via(it, {})\n"


def one(endpoint: str, given: str = "sku=argument(str)") -> str:
    """A schema with one field that comes from an endpoint."""
    return f"it = {endpoint}\n" + ONE.format(given)


MISTAKES: dict[str, tuple[str, str]] = {
    # endpoints and bff.yaml
    "an upstream that bff.yaml lacks": (
        one('rest("catlog").get("/items/{sku}")'),
        r'web\.py:6:6: error \[upstream\] bff\.yaml has no upstream "catlog"; did you mean "catalog"\?',
    ),
    "an upstream of another kind": (
        one('rest("prices").get("/items/{sku}")'),
        r'error \[upstream\] the upstream "prices" is grpc in bff\.yaml, and this endpoint is rest',
    ),
    # REST
    "rest: path": (
        one('catalog.get("/gods/{sku}")'),
        r'web\.py:6:6: error \[request\] catalog: GET /gods/\{sku\}: .*no such path; did you mean "/goods/\{id\}"\?',
    ),
    "rest: method": (
        one('catalog.delete("/goods/{sku}")'),
        r"error \[request\] catalog: DELETE /goods/\{sku\}: .* has /goods/\{id\} with GET, PUT, not with DELETE",
    ),
    "rest: query parameter": (
        one('catalog.get("/goods?colour={sku}", at="goods.0")'),
        r'warning \[request\] catalog: GET /goods: .* no query parameter "colour"; did you mean "color"\?',
    ),
    "rest: enum of a query parameter": (
        one('catalog.get("/goods?color=GREEN", at="goods.0")', ""),
        r'error \[request\] catalog: GET /goods: the query parameter color .* no value "GREEN"; it has RED, BLUE',
    ),
    "rest: required field of a body": (
        one('catalog.put("/goods/{sku}", json={"maker": {}})'),
        r'error \[request\] catalog: PUT /goods/\{sku\}: the body: the schema Good needs the field "sku"',
    ),
    "rest: at": (
        one('catalog.get("/goods", at="gods.0")', ""),
        r"error \[reply\] catalog: GET /goods: at='gods\.0' leads nowhere: the reply has no \"gods\"; did you mean \"goods",
    ),
    "rest: key": (
        one('catalog.get("/items/{sku}", many="/goods?color={sku}", key="id", many_at="goods")'),
        r"error \[reply\] .*key='id' leads nowhere: the schema Good has no \"id\"",
    ),
    "rest: take": (
        'it = catalog.get("/goods/{sku}")\n'
        "@strawberry.type\nclass Item:\n    maker: str | None = take('maker.nme')\n"
        + QUERY
        + "    item: Item | None = via(it, sku=argument(str))\n",
        r'web\.py:9:25: warning \[reply\] Item\.maker: .* the schema Maker has no "nme"; did you mean "name"\?',
    ),
    "rest: a field of the record": (
        'it = catalog.get("/goods/{sku}")\n'
        "@strawberry.type\nclass Item:\n    sku: str\n    price: int | None\n"
        + QUERY
        + "    item: Item | None = via(it, sku=argument(str))\n",
        r'web\.py:10:5: warning \[reply\] Item\.price: .* the schema Good has no "price"',
    ),
    # SOAP
    "soap: operation": (
        one('stock.call("Fnd", Sku="{sku}")'),
        r'web\.py:6:6: error \[request\] stock: .* has no operation "Fnd"; did you mean "Find"\?',
    ),
    "soap: element": (
        one('stock.call("Find", Skuu="{sku}")'),
        r'error \[request\] stock: Find: .* has no field "Skuu"; did you mean "Sku"\?',
    ),
    "soap: required element": (
        one('stock.call("Find", Limit="{sku}")'),
        r'error \[request\] stock: Find: the message: .* needs the field "Sku"',
    ),
    "soap: enum": (
        one('stock.call("Find", Sku="{sku}", Color="GREEN")'),
        r'error \[request\] .*Color is the type Color, which has no value "GREEN"; it has RED, BLUE',
    ),
    "soap: at": (
        one('stock.call("Find", Sku="{sku}", at="Itm.0")'),
        r"error \[reply\] stock: Find: at='Itm\.0' leads nowhere: .* has no \"Itm\"; did you mean \"Item\"\?",
    ),
    "soap: field": (
        one('stock.call("Find", Sku="{sku}", at="Item.0")'),
        r'web\.py:10:5: warning \[reply\] Item\.sku: stock: Find does not give it: the type Item has no "sku"',
    ),
    # gRPC
    "grpc: service": (
        one('prices.unary("shp.Shop/Find", {"sku": "{sku}"})'),
        r'error \[request\] prices: there is no service "shp\.Shop"; did you mean "shop\.Shop"\?',
    ),
    "grpc: method": (
        one('prices.unary("shop.Shop/Fnd", {"sku": "{sku}"})'),
        r'error \[request\] prices: shop\.Shop has no method "Fnd"; did you mean "Find"\?',
    ),
    "grpc: stream as unary": (
        one('prices.unary("shop.Shop/Watch", {"sku": "{sku}"})'),
        r"error \[request\] prices: shop\.Shop/Watch is a stream method",
    ),
    "grpc: request field": (
        one('prices.unary("shop.Shop/Find", {"skuu": "{sku}"}, at="items.0")'),
        r'error \[request\] .*the message shop\.FindRequest has no field "skuu"; did you mean "sku"\?',
    ),
    "grpc: request field of a batch": (
        one('prices.unary("shop.Shop/Find", many={"skuss": "{sku}"}, key="sku", at="items")', "sku=argument(str)"),
        r'error \[request\] .* has no field "skuss"; did you mean "skus"\?',
    ),
    "grpc: enum value": (
        one('prices.unary("shop.Shop/Find", {"sku": "{sku}", "color": "GREEN"}, at="items.0")'),
        r'error \[request\] .* the enum shop\.Color, which has no value "GREEN"',
    ),
    "grpc: at": (
        one('prices.unary("shop.Shop/Find", {"sku": "{sku}"}, at="itms.0")'),
        r"error \[reply\] .*at='itms\.0' leads nowhere: the message shop\.Found has no \"itms\"; did you mean \"items\"",
    ),
    "grpc: key": (
        one('prices.unary("shop.Shop/Find", many={"skus": "{sku}"}, key="id", at="items")'),
        r"error \[reply\] .*key='id' leads nowhere: the message shop\.Item has no \"id\"",
    ),
    "grpc: take": (
        'it = prices.unary("shop.Shop/Find", {"sku": "{sku}"}, at="items.0")\n'
        "@strawberry.type\nclass Item:\n    maker: str | None = take('maker.nme')\n"
        + QUERY
        + "    item: Item | None = via(it, sku=argument(str))\n",
        r'web\.py:9:25: warning \[reply\] Item\.maker: .* the message shop\.Maker has no "nme"; did you mean "name"\?',
    ),
    "grpc: a field of the record": (
        'it = prices.unary("shop.Shop/Find", {"sku": "{sku}"}, at="items.0")\n'
        "@strawberry.type\nclass Item:\n    sku: str\n    price: int | None\n"
        + QUERY
        + "    item: Item | None = via(it, sku=argument(str))\n",
        r'web\.py:10:5: warning \[reply\] Item\.price: .* the message shop\.Item has no "price"',
    ),
    "grpc: an enum of the schema": (
        'it = prices.unary("shop.Shop/Find", {"sku": "{sku}"}, at="items.0")\n'
        "@strawberry.enum\nclass Color(enum.Enum):\n    RED = 'RED'\n    PINK = 'PINK'\n"
        "@strawberry.type\nclass Item:\n    color: Color\n"
        + QUERY
        + "    item: Item | None = via(it, sku=argument(str))\n",
        r'warning \[reply\] Item\.color: the enum shop\.Color has no value "PINK" of Color',
    ),
    "grpc: an argument of another type": (
        one('prices.unary("shop.Shop/Find", {"isNew": "{sku}"}, at="items.0")'),
        r"warning \[request\] Query\.item: sku is a String, and .* is of kind boolean",
    ),
    # GraphQL
    "graphql: field": (
        one('reviews.query("itm(sku: $sku)")'),
        r'error \[request\] reviews: query itm: .*type Query has no field "itm"; did you mean "item"\?',
    ),
    "graphql: argument": (
        one('reviews.query("item(skuu: $sku)")'),
        r'error \[request\] reviews: query item: .* no argument "skuu"; did you mean "sku"\?',
    ),
    "graphql: a required argument": (
        one('reviews.query("item")', ""),
        r"error \[request\] reviews: query item: Argument 'Query\.item\(sku:\)' of type 'ID!' is required",
    ),
    "graphql: a variable's type": (
        one('reviews.query("item(sku: $sku)", types={"sku": "Int!"})', "sku=argument(int)"),
        r"error \[request\] reviews: query item: Variable '\$sku' of type 'Int!' used in position expecting type 'ID!'",
    ),
    "graphql: a selection": (
        one('reviews.query("item(sku: $sku)", fields="skuu")'),
        r"error \[request\] reviews: query item: Cannot query field 'skuu' on type 'Item'",
    ),
    "graphql: key": (
        one('reviews.query("itemsOf(skus: $sku)", key="id")'),
        r"error \[reply\] .*key='id' leads nowhere: the type Item has no \"id\"",
    ),
    "graphql: a field of the record": (
        'it = reviews.query("item(sku: $sku)")\n'
        "@strawberry.type\nclass Item:\n    sku: str\n    price: int | None\n"
        + QUERY
        + "    item: Item | None = via(it, sku=argument(str))\n",
        r'web\.py:10:5: error \[reply\] Item\.price: reviews: query item does not give it: the type Item has no "price"',
    ),
    "graphql: an input": (
        "@strawberry.input\nclass Filter:\n    sku: str\n    limt: int\n"
        'it = reviews.query("items(filter: $filter)")\n'
        + ITEM
        + QUERY
        + "    items: list[Item] = via(it, filter=argument(Filter))\n",
        r'warning \[request\] Query\.items: filter: the input Filter has no field "limt" of Filter; did you mean "limit"',
    ),
    # schemas
    "a parameter in via": (
        one('catalog.get("/items/{sku}")', "skuu=argument(str)"),
        r'web\.py:14:25: error \[schema\] Query\.item: .* has no parameter "skuu"; did you mean "sku"\?',
    ),
    "a parameter in a resolver": (
        'it = catalog.get("/items/{sku}")\n'
        + ITEM
        + QUERY
        + "    @strawberry.field\n    async def item(self) -> Item | None:\n        return await it(skuu='1')\n",
        r'web\.py:16:22: error \[call\] catalog: GET /items/\{sku\} .* has no parameter "skuu"; did you mean "sku"\?',
    ),
    "N+1 in a resolver": (
        'it = catalog.get("/items/{sku}")\nall_items = catalog.get("/items")\n'
        + ITEM
        + "    @strawberry.field\n    async def twin(self) -> 'Item | None':\n        return await it(sku=self.sku)\n"
        + QUERY
        + "    items: list[Item] = via(all_items)\n",
        r"web\.py:14:22: warning \[n-plus-one\] catalog: GET /items/\{sku\} is called once per object of a list \(N\+1\)",
    ),
    "N+1 in a loop": (
        'it = catalog.get("/items/{sku}")\n'
        + ITEM
        + QUERY
        + "    @strawberry.field\n    async def items(self, skus: list[str]) -> list[Item]:\n"
        + "        return [await it(sku=sku) for sku in skus]\n",
        r"web\.py:16:23: warning \[n-plus-one\] catalog: GET /items/\{sku\} is called once per round of a loop \(N\+1\)",
    ),
    "N+1 in a field": (
        'it = catalog.get("/items/{sku}")\nall_items = catalog.get("/items")\n'
        + ITEM
        + "    twin: 'Item | None' = via(it, sku='sku')\n"
        + QUERY
        + "    items: list[Item] = via(all_items)\n",
        r"web\.py:12:27: warning \[n-plus-one\] Item\.twin: catalog: GET /items/\{sku\} is called once per object",
    ),
    "a union of records": (
        'it = catalog.get("/items/{sku}")\n'
        + ITEM
        + "@strawberry.type\nclass Other:\n    sku: strawberry.ID\n"
        + QUERY
        + "    any: Item | Other = via(it, sku=argument(str))\n",
        r"web\.py:17:25: warning \[type\] Query\.any: nothing marks which records of \w+ are Item, Other\. Write `@adopts",
    ),
    "computed from a resolver": (
        ITEM
        + "    @strawberry.field\n    def name(self) -> str:\n        return ''\n"
        + "    @computed(needs='name')\n    def label(self) -> str:\n        return ''\n"
        + QUERY
        + "    item: Item | None = None\n",
        r'web\.py:13:\d+: error \[schema\] Item\.label: needs="name" is a resolver',
    ),
    "an import": (
        "import nothing_here\n" + QUERY + "    a: int\n",
        r"web\.py:6:1: error \[schema\] ModuleNotFoundError",
    ),
    "syntax": ("class\n" + QUERY + "    a: int\n", r"web\.py:6:1: error \[schema\] SyntaxError"),
}
GOOD = {
    "soap": one('stock.call("Find", Sku="{sku}", Color="RED", at="Item.0")').replace("sku: strawberry.ID", "Sku: str"),
    "grpc": one('prices.unary("shop.Shop/Find", {"sku": "{sku}", "limit": 2}, at="items.0")'),
    "grpc batch": one('prices.unary("shop.Shop/Find", many={"skus": "{sku}"}, key="sku", at="items")'),
    "grpc stream": 'it = prices.stream("shop.Shop/Watch", {"sku": "{sku}"})\n' + QUERY + "    a: int = 1\n",
    "graphql": one('reviews.query("item(sku: $sku)")'),
    "graphql batch": one('reviews.query("itemsOf(skus: $sku)", key="sku")'),
    "graphql mutation": 'it = reviews.mutation("drop(sku: $sku)")\n' + QUERY + "    a: int = 1\n",
    "rest": one('catalog.get("/items/{sku}")'),
    "a local name": 'it = catalog.get("/items/{sku}")\n'
    + QUERY
    + "    @strawberry.field\n    def a(self) -> int:\n        it = dict\n        return len(it(x=1))\n",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_has_its_line(mistake: str, tmp_path: Path) -> None:
    """With file, line, column, severity and code."""
    schema, expected = MISTAKES[mistake]
    lines = [str(each) for each in find(tmp_path, schema)]
    assert len([line for line in lines if re.search(expected, line)]) == 1, "\n".join(lines)
    assert all(re.match(r"[\w.]+:\d+:\d+: (error|warning|note) \[[\w+-]+\] ", line) for line in lines), lines


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_has_none(name: str, tmp_path: Path) -> None:
    """Nothing is reported without reason."""
    assert [str(each) for each in find(tmp_path, GOOD[name])] == []


CONFIG_MISTAKES: dict[str, tuple[str, dict[str, str], str]] = {
    "an OpenAPI description that is missing": (
        CONFIG.replace("catalog.yaml", "catalgo.yaml"),
        {},
        r"bff\.yaml:2:3: error \[file\] upstreams\.catalog: there is no file .*catalgo\.yaml",
    ),
    "an OpenAPI description that is none": (
        CONFIG,
        {"catalog.yaml": "a: b"},
        r"bff\.yaml:2:3: error \[file\] upstreams\.catalog: .*catalog\.yaml is no description of OpenAPI 3 or Swagger 2",
    ),
    "an OpenAPI description that is a folder": (
        CONFIG.replace("catalog.yaml", "catalog"),
        {"catalog/api.yaml": ""},
        r"bff\.yaml:2:3: error \[file\] upstreams\.catalog: .*catalog cannot be used: Is a directory",
    ),
    "a WSDL that is missing": (
        CONFIG.replace("stock.wsdl", "stok.wsdl"),
        {},
        r"bff\.yaml:3:3: error \[file\] upstreams\.stock: there is no file .*stok\.wsdl",
    ),
    "a WSDL that is none": (
        CONFIG,
        {"stock.wsdl": "<a/>"},
        r"bff\.yaml:3:3: error \[file\] upstreams\.stock: the WSDL has no service",
    ),
    "a proto that is none": (
        CONFIG,
        {"prices.proto": "message {"},
        r"bff\.yaml:4:3: error \[file\] upstreams\.prices: protoc found mistakes",
    ),
    "an SDL that is none": (
        CONFIG,
        {"reviews.graphql": "type {"},
        r"bff\.yaml:5:3: error \[file\] upstreams\.reviews: .* is not SDL",
    ),
    "a CA that is missing": (
        CONFIG.replace('rest: "http://127.0.0.1:1"', 'rest: "https://h", tls: {ca: ca.pem}'),
        {},
        r"bff\.yaml:2:3: error \[file\] upstreams\.catalog: there is no file .*ca\.pem",
    ),
    "a CA that is none": (
        CONFIG.replace('rest: "http://127.0.0.1:1"', 'rest: "https://h", tls: {ca: ca.pem}'),
        {"ca.pem": "no"},
        r"bff\.yaml:2:\d+: error \[file\] upstreams\.catalog\.tls: .*ca\.pem cannot be used",
    ),
    "a server certificate that is missing": (
        CONFIG + "server: {tls: {cert: a.pem, key: b.pem}}\n",
        {},
        r"bff\.yaml:8:\d+: error \[file\] server\.tls: there is no file .*a\.pem",
    ),
    "a misspelt key": (CONFIG + "sever: {}\n", {}, r"bff\.yaml:8:1: error \[config\] sever: unknown key; did you mean"),
    "a variable": (
        CONFIG.replace("http://127.0.0.1:1", "${CATALOG_URL}", 1),
        {},
        r"bff\.yaml:2:13: error \[environment\] upstreams\.catalog\.rest: the environment variable CATALOG_URL is not set",
    ),
    "a frontend's module": (
        CONFIG.replace("schema: web", "schema: wbe"),
        {},
        r"bff\.yaml:7:\d+: error \[schema\] .*there is no module wbe",
    ),
}


@pytest.mark.parametrize("mistake", CONFIG_MISTAKES)
def test_mistakes_of_bff_yaml_and_files(mistake: str, tmp_path: Path) -> None:
    """Each has one line, at its place in bff.yaml."""
    config, files, expected = CONFIG_MISTAKES[mistake]
    lines = [str(each) for each in find(tmp_path, QUERY + "    a: int = 1\n", {"bff.yaml": config, **files})]
    assert len(lines) == 1, lines
    assert re.match(expected, lines[0], re.DOTALL), lines
