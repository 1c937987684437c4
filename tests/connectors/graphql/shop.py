"""A GraphQL server for tests: graphql-core behind a real HTTP socket, and behind graphql-transport-ws."""

from __future__ import annotations

import asyncio
import inspect
import json
import ssl
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, graphql_sync, parse, subscribe, validate
from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from tests.connectors.http_world import HttpWorld, Received, Say, json_response
from tests.connectors.websocket_world import WebsocketWorld

SDL = """
scalar _Any
scalar JSON
union _Entity = Product
interface Media { id: ID! url: String! }
type Photo implements Media { id: ID! url: String! width: Int! }
type Video implements Media { id: ID! url: String! seconds: Int! }
type Author { id: ID! name: String! rank: Int }
type Review { id: ID! productId: ID! rating: Int! text: String! author: Author media: [Media!]! }
type Product { id: ID! upc: ID! title: String! reviews(first: Int! = 2): [Review!]! }
type Edge { cursor: String! node: Product }
type Connection { edges: [Edge!]! }
input Filter { text: String minRating: Int }
input NewReview { productId: ID! rating: Int! }
type Query {
  reviews(productIds: [ID!]!, first: Int): [Review]!
  ratings(productIds: [ID!]!): [Float]!
  product(id: ID!): Product
  safeProduct(id: ID!): Product!
  products(filter: Filter, first: Int! = 2): Connection!
  count: Int!
  raw(anything: JSON): JSON
  whoami: String
  _entities(representations: [_Any!]!): [_Entity]!
}
type Mutation { addReview(input: NewReview!): Review! refuse: Review }
type Subscription { added(productId: ID!): Review counted(to: Int!): Int! flood: String! }
"""

AUTHORS = {"a1": {"id": "a1", "name": "Ann"}, "a2": {"id": "a2", "name": "Bob"}}


def review(number: int, product: str) -> dict[str, Any]:
    """A review; the author of every third cannot be found out."""
    media = [
        {"__typename": "Photo", "id": "m1", "url": "/p", "width": 7},
        {"__typename": "Video", "id": "m2", "url": "/v", "seconds": 9},
    ]
    return {
        "id": f"r{number}",
        "productId": product,
        "rating": number % 5 + 1,
        "text": f"text {number}",
        "number": number,
        "media": media,
    }


REVIEWS = [review(1, "p1"), review(2, "p1"), review(4, "p2")]
PRODUCTS = {
    name: {"__typename": "Product", "id": name, "upc": f"upc-{name}", "title": f"Title of {name}"}
    for name in ("p1", "p2", "p3")
}


def refused(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def make_schema() -> GraphQLSchema:
    schema = build_schema(SDL)

    def resolver(type_name: str, name: str) -> Any:
        def register(function: Any) -> Any:
            schema.type_map[type_name].fields[name].resolve = function  # type: ignore[attr-defined]
            return function

        return register

    @resolver("Query", "reviews")
    def reviews(_: Any, info: Any, productIds: list[str], first: int | None = None) -> list[Any]:
        if "nobody" in productIds:
            raise refused("who are you?", "UNAUTHENTICATED")
        found = [each for each in REVIEWS if each["productId"] in productIds]
        return [*found, *(GraphQLError("lost") for each in productIds if each == "lost")][:first]

    @resolver("Query", "ratings")
    def ratings(_: Any, info: Any, productIds: list[str]) -> list[Any]:
        return [GraphQLError("no rating") if each == "lost" else len(each) for each in productIds]

    @resolver("Query", "product")
    def product(_: Any, info: Any, id: str) -> Any:
        if id == "lost":
            raise refused("the database is gone", "INTERNAL_SERVER_ERROR")
        return PRODUCTS.get(id)

    @resolver("Query", "safeProduct")
    def safe_product(_: Any, info: Any, id: str) -> Any:
        return product(_, info, id)

    @resolver("Query", "products")
    def products(_: Any, info: Any, first: int, filter: Any = None) -> Any:
        return {"edges": [{"cursor": name, "node": each} for name, each in list(PRODUCTS.items())[:first]]}

    @resolver("Query", "count")
    def count(_: Any, info: Any) -> int:
        return 3

    @resolver("Query", "raw")
    def raw(_: Any, info: Any, anything: Any = None) -> Any:
        return {"got": anything, "big": 123456789012345678901234567890}

    @resolver("Query", "whoami")
    def whoami(_: Any, info: Any) -> Any:
        return info.context.get("authorization")

    @resolver("Query", "_entities")
    def entities(_: Any, info: Any, representations: list[Any]) -> list[Any]:
        by_upc = {each["upc"]: each for each in PRODUCTS.values()}
        return [GraphQLError("lost") if each["upc"] == "lost" else by_upc.get(each["upc"]) for each in representations]

    @resolver("Product", "reviews")
    def reviews_of(source: Any, info: Any, first: int) -> list[Any]:
        return [each for each in REVIEWS if each["productId"] == source["id"]][:first]

    @resolver("Review", "author")
    def author(source: Any, info: Any) -> Any:
        if source["number"] == 2:
            raise refused("not for you", "FORBIDDEN")
        return AUTHORS["a1"]

    @resolver("Mutation", "addReview")
    def add(_: Any, info: Any, input: Any) -> Any:
        return review(input["rating"], input["productId"])

    @resolver("Mutation", "refuse")
    def refuse(_: Any, info: Any) -> Any:
        raise refused("rating must be at most 5", "BAD_USER_INPUT")

    async def added(_: Any, info: Any, productId: str) -> AsyncGenerator[Any, None]:
        for number in (1, 2, 4):
            yield {"added": review(number, productId)}
        if productId == "endless":
            try:
                await asyncio.Event().wait()
            finally:
                info.context["ended"].set()

    async def counted(_: Any, info: Any, to: int) -> AsyncGenerator[Any, None]:
        for number in range(to):
            yield {"counted": GraphQLError("not this one") if number == 1 else number}

    async def flood(_: Any, info: Any) -> AsyncGenerator[Any, None]:
        for _ in range(500):
            yield {"flood": "x" * 100_000}

    schema.type_map["Subscription"].fields["flood"].subscribe = flood  # type: ignore[attr-defined]
    schema.type_map["Subscription"].fields["added"].subscribe = added  # type: ignore[attr-defined]
    schema.type_map["Subscription"].fields["counted"].subscribe = counted  # type: ignore[attr-defined]
    return schema


SCHEMA = make_schema()


class Shop(HttpWorld):
    """`async with Shop() as shop:` serves the schema at `shop.address`; `shop.asked` are the queries it got."""

    def __init__(self) -> None:
        super().__init__(answer=self.execute)
        self.introspectable = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def asked(self) -> list[str]:
        return [query for each in self.requests if "__schema" not in (query := each.json["query"])]

    @property
    def variables(self) -> list[Mapping[str, Any]]:
        return [each.json.get("variables", {}) for each in self.requests if "__schema" not in each.json["query"]]

    def execute(self, received: Received) -> Say:
        request = received.json
        if not self.introspectable and "__schema" in request["query"]:
            return graphql_response(
                {"errors": [{"message": "introspection is off", "locations": [{"line": 1, "column": 1}]}]}, 400
            )
        result = graphql_sync(
            SCHEMA, request["query"], variable_values=request.get("variables"), context_value=received.headers
        )
        return graphql_response(
            result.formatted, 400 if result.data is None and result.errors and not result.errors[0].path else 200
        )


def graphql_response(data: Any, status: int = 200, **headers: str) -> Say:
    return json_response(
        data, status, **{"content_type": "application/graphql-response+json; charset=utf-8", **headers}
    )


class Socket(WebsocketWorld):
    """`async with Socket() as socket:` serves subscriptions at `socket.address`, strictly by the protocol."""

    host = "127.0.0.1"
    path = "/graphql"

    def __init__(self, *, subprotocol: str = "graphql-transport-ws", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls, subprotocols=[Subprotocol(subprotocol)] if subprotocol else None)
        self.received: list[dict[str, Any]] = []
        self.context: dict[str, Any] = {"ended": asyncio.Event()}
        self.subprotocol = subprotocol
        self.misbehaviour = ""
        """What is done instead of serving: a close code, `silent`, `garble`, `ping`, `rude`, `twice`, `odd`, `half` or `vanish`."""
        self.sent = 0
        """How many results were taken from the schema."""
        self.gone = asyncio.Event()
        """Set when a client has left."""

    @property
    def types(self) -> list[str]:
        return [each["type"] for each in self.received]

    async def speak(self, client: ServerConnection) -> None:
        try:
            await self._speak(client)
        finally:
            self.gone.set()

    async def _speak(self, connection: ServerConnection) -> None:
        await self._receive(connection)
        if self.misbehaviour == "silent":
            await connection.wait_closed()
        if self.misbehaviour == "garble":
            await connection.send("{no json")
        if self.misbehaviour == "rude":
            await connection.send(json.dumps({"type": "complete", "id": "1"}))
        if self.misbehaviour.isdecimal():
            await connection.close(int(self.misbehaviour), "because")
        if self.misbehaviour == "ping":
            await connection.send(json.dumps({"type": "ping"}))
            assert (await self._receive(connection))["type"] == "pong"
        await connection.send(json.dumps({"type": "connection_ack"}))
        if self.misbehaviour == "twice":
            await connection.send(json.dumps({"type": "connection_ack"}))
        if self.misbehaviour == "odd":
            await connection.send(json.dumps({"type": "what", "id": "1"}))
        message = await self._receive(connection)
        if self.misbehaviour == "vanish":
            connection.transport.abort()
            return
        if self.misbehaviour == "half":
            result = '{"data": {"added": {"id": "r\\ud83d", "stars": 5}}}'
            await connection.send(f'{{"type": "next", "id": "{message["id"]}", "payload": {result}}}')
        working = asyncio.ensure_future(self._work(connection, message["id"], message["payload"]))
        try:
            while (await self._receive(connection))["type"] != "complete":
                pass
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _work(self, connection: ServerConnection, id: str, payload: Any) -> None:
        document = parse(payload["query"])
        if mistakes := validate(SCHEMA, document):
            errors = [mistake.formatted for mistake in mistakes]
            await connection.send(json.dumps({"id": id, "type": "error", "payload": errors}))
            return
        results: Any = subscribe(SCHEMA, document, variable_values=payload.get("variables"), context_value=self.context)
        if inspect.isawaitable(results):
            results = await results
        assert not isinstance(results, ExecutionResult)
        try:
            async for result in results:
                self.sent += 1
                await connection.send(json.dumps({"id": id, "type": "next", "payload": result.formatted}))
        finally:
            await results.aclose()
        await connection.send(json.dumps({"id": id, "type": "complete"}))

    async def _receive(self, connection: ServerConnection) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await connection.recv())
        self.received.append(message)
        return message
