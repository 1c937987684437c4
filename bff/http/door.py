"""The door: the ASGI application. It routes each request to its transport, page or probe. Built by `bff.app`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress

from bff.contract import AnswersRequests, Problem, Refused, make_internal_error
from bff.http.asgi import App, ClientGone, Exchange, Receive, Scope, Send, get_path, read_headers
from bff.http.graphiql.page import Pages
from bff.http.guards.cors import allow_reading, answer_preflight, is_preflight, list_candidates
from bff.http.guards.request_id import RequestIds
from bff.http.options import Options, Timeouts
from bff.http.responses import health
from bff.http.responses.compression import Compression
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import GRAPHQL, JSON, parse_accept
from bff.http.responses.server_timing import start_timing
from bff.http.server.lifespan import Lifespan, serve_lifespan
from bff.http.transports.table import make_transports
from bff.http.transports.transport import find_transport, serve_request
from bff.http.transports.websocket import serve_websocket
from bff.observability.logger import get_logger

log = get_logger("bff.http")

_METRICS = "text/plain; version=0.0.4; charset=utf-8"

GatewayNow = Callable[[], AnswersRequests]


Metrics = Callable[[], bytes]


def http_app(
    gateway: GatewayNow,
    options: Options,
    *,
    timeouts: Timeouts | None = None,
    lifespan: Lifespan | None = None,
    metrics: Metrics | None = None,
) -> App:
    """The ASGI application. `gateway` returns the current gateway; `lifespan` is entered while the server runs.

    `metrics` returns the body of /metrics in Prometheus's text format.
    """
    return Door(gateway, options, timeouts=timeouts or Timeouts(), lifespan=lifespan, metrics=metrics)


class Door:
    """The ASGI application. Each request gets the current gateway, so a reload needs no restart."""

    def __init__(
        self,
        gateway: GatewayNow,
        options: Options,
        *,
        timeouts: Timeouts,
        lifespan: Lifespan | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._gateway = gateway
        self._options = options
        self._timeouts = timeouts
        self._metrics = metrics if options.metrics else None
        self._lifespan = lifespan
        self._ids = RequestIds()
        self._compression = Compression(options.compression.min_size) if options.compression else None
        self._pages = Pages()
        self._transports = make_transports(options, timeouts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope: a request, a websocket or the lifespan."""
        if scope["type"] != "http":
            await self._serve_other(scope, receive, send)
            return
        headers = read_headers(scope)
        request_id = headers["x-request-id"] = self._ids.choose(headers.get("x-request-id"))
        exchange = Exchange(scope, receive, send, headers, request_id)
        exchange.compression = self._compression
        try:
            await self._route(exchange)
        except Refused as refusal:
            await _send_refusal(exchange, refusal)
        except ClientGone:
            pass
        except Exception:
            log.exception("http_failed", path=exchange.path, request_id=request_id)
            if exchange.started:
                raise  # half a response is sent: the server must break the connection
            with suppress(OSError):
                await _send_refusal(exchange, make_internal_error(request_id))
        finally:
            for file in exchange.files:
                file.close()

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await serve_websocket(
                scope,
                receive,
                send,
                gateway=self._gateway,
                fixed=find_frontend(get_path(scope)),
                options=self._options,
                timeouts=self._timeouts,
                ids=self._ids,
            )
        elif scope["type"] == "lifespan":
            await serve_lifespan(scope, receive, send, self._run_lifespan)

    @asynccontextmanager
    async def _run_lifespan(self) -> AsyncIterator[None]:
        """The lifespan of the service; the transports, which use the service, are closed before it ends."""
        async with self._lifespan() if self._lifespan is not None else nullcontext():
            try:
                yield
            finally:
                for transport in self._transports:
                    await transport.close()

    def _route(self, exchange: Exchange) -> Awaitable[None]:
        """Find what answers a path. Raises Refused. A plain function: one more coroutine would cost every request."""
        path = exchange.path
        fixed = find_frontend(path)
        if fixed is not None:
            return self._route_graphql(exchange, fixed or None)
        if path == "/live":
            _require_method(exchange, "GET", "HEAD")
            return health.respond_live(exchange)
        if path == "/ready":
            _require_method(exchange, "GET", "HEAD")
            return health.respond_ready(exchange, self._gateway())
        if path == "/metrics" and self._metrics is not None:
            _require_method(exchange, "GET", "HEAD")
            return exchange.respond(200, self._metrics(), _METRICS, {"cache-control": "no-store"})
        if self._options.graphiql and path.startswith("/graphiql/"):
            _require_method(exchange, "GET", "HEAD")
            return self._pages.send_asset(exchange, path.removeprefix("/graphiql/"))
        if path == "/" and self._options.graphiql and parse_accept(exchange.headers.get("accept")).html:
            _require_method(exchange, "GET", "HEAD")
            return exchange.respond(307, b"", "text/plain", {"location": f"{exchange.root}/graphql", "vary": "accept"})
        raise Problem.NOT_FOUND.refusal(
            f"There is nothing at {path[:100]}. GraphQL is at /graphql and /graphql/{{frontend}}, "
            "health at /live and /ready."
        )

    def _route_graphql(self, exchange: Exchange, fixed: str | None) -> Awaitable[None]:
        gateway = self._gateway()
        if "origin" in exchange.headers:
            cards = list_candidates(gateway, fixed)
            if is_preflight(exchange):
                return answer_preflight(exchange, cards)
            allow_reading(exchange, cards)
        transport = find_transport(self._transports, exchange)
        if transport is None:
            raise _refuse_method(exchange, "GET", "POST")
        if transport.shows_page and self._options.graphiql and _is_navigation(exchange):
            return self._pages.send_page(exchange, gateway, fixed)
        start_timing(exchange, for_all=self._options.server_timing)
        return serve_request(transport, exchange, gateway, fixed)


def find_frontend(path: str) -> str | None:
    """The frontend that a path names: "" for /graphql itself, None for a path that is not GraphQL's."""
    if path == "/graphql":
        return ""
    if not path.startswith("/graphql/"):
        return None
    name = path[9:].removesuffix("/")
    return None if "/" in name else name


def _is_navigation(exchange: Exchange) -> bool:
    """Whether a browser navigates here without a document in the URL; a link with a document is answered."""
    has_document = any(each in exchange.scope["query_string"] for each in (b"query=", b"documentId=", b"extensions="))
    return parse_accept(exchange.headers.get("accept")).html and not has_document


def _require_method(exchange: Exchange, *methods: str) -> None:
    if exchange.method not in methods:
        raise _refuse_method(exchange, *methods)


def _refuse_method(exchange: Exchange, *methods: str) -> Refused:
    message = f"{exchange.method[:20]} is not for {exchange.path[:100]}; use {' or '.join(methods)}."
    return Problem.METHOD_NOT_ALLOWED.refusal(message, allow=", ".join(methods))


async def _send_refusal(exchange: Exchange, refusal: Refused) -> None:
    """Send a refusal in the media type that the client prefers, or in JSON if it accepts none."""
    media = GRAPHQL if parse_accept(exchange.headers.get("accept")).json == GRAPHQL else JSON
    body = encode(refusal.answer())
    headers = {"cache-control": "no-store", **refusal.headers}
    await exchange.respond(refusal.status, body, f"{media}; charset=utf-8", headers)
