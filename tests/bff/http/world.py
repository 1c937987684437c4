"""A small gateway of two frontends behind a real server, with knobs for what the HTTP room must cope with."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse, validate

from bff.contract import ANONYMOUS, Answer, Answers, Caller, Example, FrontendCard, Refused, Request
from bff.http.door import http_app
from bff.http.options import Options, Timeouts
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit
from tests.worlds.hello import Mutation, Query, Subscription

SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


class FakeGateway:
    """Implements `AnswersRequests` with strawberry's own executor."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.missing: dict[str, str] = {}
        self.result: Any = None
        """Answers everything when set; an exception is raised."""
        self.batch: int | None = None
        """Most operations in one array, for the frontend "web"."""
        self.delay = 0.0
        self.cancelled = 0
        self.streams = 0
        """Subscriptions under way."""
        self.events = 0
        """Events that were asked for."""

    @property
    def cards(self) -> list[FrontendCard]:
        examples = [
            Example(title="Greet", query='query Greet { hello(name: "</script>") }'),
            Example(title="Say hello!", query="{ hello }"),
            Example(title="Count", query="subscription Count { count(to: 3, pause: 0.05) }"),
            Example(
                title="Greet anyone",
                query="query Anyone($name: String!) { hello(name: $name) }",
                variables={"name": "Ada"},
            ),
        ]
        web = FrontendCard(name="web", description="The <b>site</b>", examples=examples, batch=self.batch)
        phone = FrontendCard(
            name="phone",
            origins=("https://shop.example",),
            chosen_by=("x-client",),
            credential_headers=("x-api-key", "authorization", "cookie"),
            payload_headers=frozenset({"authorization", "x-client"}),
        )
        return [web, phone]

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> FrontendCard:
        name = fixed or headers.get("x-client", "web")
        if name not in {"web", "phone"}:
            raise Refused("UNKNOWN_FRONTEND", f"There is no frontend {name}.", status=404)
        return next(card for card in self.cards if card.name == name)

    async def admit(self, head: Request) -> Caller:
        return ANONYMOUS

    def readiness(self) -> Mapping[str, str]:
        return self.missing

    async def answer(self, request: Request) -> Answer | Answers:
        self.requests.append(request)
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self.result, Exception):
            raise self.result
        if self.result is not None:
            return self.result
        return await self._run(request)

    async def _run(self, request: Request) -> Answer | Answers:
        try:
            document = parse(request.query)
        except GraphQLError as error:
            return _refusal(error.message)
        if errors := validate(SCHEMA._schema, document):
            return _refusal(errors[0].message)
        kinds = {each.operation for each in document.definitions if isinstance(each, OperationDefinitionNode)}
        if request.no_mutations and OperationType.MUTATION in kinds:
            return Refused("METHOD_NOT_ALLOWED", "Use POST.", status=405).answer()
        variables = dict(request.variables or {})
        if OperationType.SUBSCRIPTION in kinds and request.instead_of_events is not None:
            return request.instead_of_events
        if OperationType.SUBSCRIPTION in kinds:
            results = await SCHEMA.subscribe(request.query, variables, operation_name=request.operation_name)
            return self._events(results) if hasattr(results, "__aiter__") else _refusal("does not fit")
        result = await SCHEMA.execute(request.query, variables, operation_name=request.operation_name)
        if result.errors:
            return _refusal(result.errors[0].message)
        return Answer(data=result.data)

    async def _events(self, results: Any) -> Answers:
        self.streams += 1
        try:
            async for result in results:
                self.events += 1
                yield Answer(data=result.data)
        finally:
            self.streams -= 1
            await results.aclose()


def _refusal(message: str) -> Answer:
    return Answer(
        errors=[{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}],
        was_executed=False,
        status=400,
    )


class World:
    """What a test needs."""

    def __init__(self, gateway: FakeGateway, url: str, client: httpx.AsyncClient) -> None:
        self.gateway, self.url, self.client = gateway, url, client

    async def post(
        self, query: str, *, path: str = "/graphql", accept: str | None = None, **extra: Any
    ) -> httpx.Response:
        """Ask."""
        headers = {"accept": accept} if accept else {}
        return await self.client.post(self.url + path, json={"query": query, **extra}, headers=headers)


@asynccontextmanager
async def open_world(timeouts: Timeouts | None = None, **options: Any) -> AsyncIterator[World]:
    """A served gateway and a client of it."""
    gateway = FakeGateway()
    chosen = Options.model_validate(options)
    async with (
        serving(http_app(lambda: gateway, chosen, timeouts=timeouts), chosen, timeouts) as url,
        httpx.AsyncClient(timeout=GENEROUS, trust_env=False) as client,
    ):
        yield World(gateway, url, client)


def connected(world: World) -> socket.socket:
    """A bare connection, to send what no client sends."""
    return socket.create_connection(("127.0.0.1", int(world.url.rpartition(":")[2])), timeout=GENEROUS)


async def reply(client: socket.socket) -> bytes:
    """One response with its body."""
    got = b""
    async with time_limit():
        while True:
            head, ended, body = got.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            if ended and length and len(body) >= int(length[1]):
                return got
            part = await asyncio.to_thread(client.recv, 65536)
            assert part, got
            got += part


def codes(response: httpx.Response) -> list[str]:
    """The codes of a response's errors."""
    return [error["extensions"]["code"] for error in response.json()["errors"]]
