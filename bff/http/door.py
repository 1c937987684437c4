"""The door: routes requests to the gateway and answers them. Made by bff.app, run by any ASGI 3 server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress

import structlog

from bff.contract import AnswersRequests, Refused
from bff.http.asgi import App, ClientGone, Exchange, Receive, Scope, Send, headers_of, path_of
from bff.http.errors import Problem, internal
from bff.http.graphiql.page import Pages
from bff.http.guards.cors import addressed, allow_reading, answer_preflight, is_preflight
from bff.http.guards.request_id import RequestIds
from bff.http.options import Options
from bff.http.responses import health
from bff.http.responses.compression import Compression
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import GRAPHQL, JSON, wanted
from bff.http.responses.server_timing import begin
from bff.http.server.lifespan import Lifespan, live
from bff.http.transports.request_response import answer_graphql
from bff.http.transports.single_connection import SingleConnections
from bff.http.transports.websocket import serve_websocket

log = structlog.get_logger("bff.http")

_METRICS = "text/plain; version=0.0.4; charset=utf-8"

GatewayNow = Callable[[], AnswersRequests]


Metrics = Callable[[], bytes]


def http_app(
    gateway: GatewayNow, options: Options, *, lifespan: Lifespan | None = None, metrics: Metrics | None = None
) -> App:
    """The ASGI application. `gateway` gives the one that answers now; `lifespan` is entered while the server runs.

    `metrics` gives what /metrics tells, in Prometheus's text format.
    """
    return Door(gateway, options, lifespan=lifespan, metrics=metrics)


class Door:
    """The ASGI application. Each request asks for the gateway anew, so a reload needs no restart."""

    def __init__(
        self,
        gateway: GatewayNow,
        options: Options,
        *,
        lifespan: Lifespan | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._gateway = gateway
        self._options = options
        self._metrics = metrics if options.metrics else None
        self._lifespan = lifespan
        self._ids = RequestIds()
        self._compression = Compression(options.compression.min_size) if options.compression else None
        self._pages = Pages()
        self._single_connections = SingleConnections(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        headers = headers_of(scope)
        request_id = headers["x-request-id"] = self._ids.choose(headers.get("x-request-id"))
        exchange = Exchange(scope, receive, send, headers, request_id)
        exchange.compression = self._compression
        try:
            await self._route(exchange)
        except Refused as refusal:
            await _refuse(exchange, refusal)
        except ClientGone:
            pass
        except Exception:
            log.exception("http_failed", path=exchange.path, request_id=request_id)
            if exchange.started:
                raise  # half a response is out: the server must break the connection
            with suppress(OSError):
                await _refuse(exchange, internal(request_id))
        finally:
            for file in exchange.files:
                file.close()

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            fixed, options = frontend_in(path_of(scope)), self._options
            await serve_websocket(
                scope, receive, send, gateway=self._gateway, fixed=fixed, options=options, ids=self._ids
            )
        elif scope["type"] == "lifespan":
            await live(scope, receive, send, self._living)

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[None]:
        """What others hold open, and within it our streams, which use it."""
        async with self._lifespan() if self._lifespan is not None else nullcontext():
            try:
                yield
            finally:
                await self._single_connections.streams.close()

    def _route(self, exchange: Exchange) -> Awaitable[None]:
        """Who answers. Raises Refused; a plain function, as each coroutine on the way costs every request."""
        path = exchange.path
        fixed = frontend_in(path)
        if fixed is not None:
            return self._graphql(exchange, fixed or None)
        if path == "/live":
            _allow(exchange, "GET", "HEAD")
            return health.live(exchange)
        if path == "/ready":
            _allow(exchange, "GET", "HEAD")
            return health.ready(exchange, self._gateway())
        if path == "/metrics" and self._metrics is not None:
            _allow(exchange, "GET", "HEAD")
            return exchange.respond(200, self._metrics(), _METRICS, {"cache-control": "no-store"})
        if self._options.graphiql and path.startswith("/graphiql/"):
            _allow(exchange, "GET", "HEAD")
            return self._pages.asset(exchange, path.removeprefix("/graphiql/"))
        if path == "/" and self._options.graphiql and wanted(exchange.headers.get("accept")).html:
            _allow(exchange, "GET", "HEAD")
            return exchange.respond(307, b"", "text/plain", {"location": f"{exchange.root}/graphql", "vary": "accept"})
        raise Problem.NOT_FOUND.refused(
            f"There is nothing at {path[:100]}. GraphQL is at /graphql and /graphql/{{frontend}}, "
            "health at /live and /ready."
        )

    def _graphql(self, exchange: Exchange, fixed: str | None) -> Awaitable[None]:
        if "origin" in exchange.headers:
            cards = addressed(self._gateway(), fixed)
            if is_preflight(exchange):
                return answer_preflight(exchange, cards)
            allow_reading(exchange, cards)
        if self._single_connections.concerns(exchange):
            return self._single_connections.answer(exchange, self._gateway(), fixed)
        if exchange.method != "POST":
            _allow(exchange, "GET", "POST")
            if self._options.graphiql and self._wants_page(exchange):
                return self._pages.page(exchange, self._gateway(), fixed)
        begin(exchange, tells_all=self._options.server_timing)
        return answer_graphql(exchange, self._gateway(), fixed, self._options)

    def _wants_page(self, exchange: Exchange) -> bool:
        """A browser's navigation without a document; a link with one is answered."""
        asks = any(each in exchange.scope["query_string"] for each in (b"query=", b"documentId=", b"extensions="))
        return wanted(exchange.headers.get("accept")).html and not asks


def frontend_in(path: str) -> str | None:
    """The frontend that a path names: "" for /graphql itself, None for a path that is not GraphQL's."""
    if path == "/graphql":
        return ""
    if not path.startswith("/graphql/"):
        return None
    name = path[9:].removesuffix("/")
    return None if "/" in name else name


def _allow(exchange: Exchange, *methods: str) -> None:
    if exchange.method not in methods:
        allowed = ", ".join(methods)
        message = f"{exchange.method[:20]} is not for {exchange.path[:100]}; use {allowed.replace(', ', ' or ')}."
        raise Problem.METHOD_NOT_ALLOWED.refused(message, allow=allowed)


async def _refuse(exchange: Exchange, refusal: Refused) -> None:
    """Say no in the media type that the client prefers, or in JSON when it accepts none."""
    media = GRAPHQL if wanted(exchange.headers.get("accept")).json == GRAPHQL else JSON
    body = encode(refusal.answer())
    headers = {"cache-control": "no-store", **refusal.headers}
    await exchange.respond(refusal.status, body, f"{media}; charset=utf-8", headers)
