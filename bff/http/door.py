"""The door: the ASGI application. It routes each request to its transport, page or probe. Built by `bff.app`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

from bff.contract import AnswersRequests, Problem, Refused, make_internal_error
from bff.http.asgi import App, ClientGone, Exchange, Receive, Scope, Send, get_path, read_headers
from bff.http.graphiql.page import Pages
from bff.http.guards.addresses import Addresses
from bff.http.guards.allowed_hosts import AllowedHosts, choose_hosts
from bff.http.guards.cors import allow_reading, answer_preflight, is_preflight, list_candidates
from bff.http.guards.host import check_host
from bff.http.guards.request_id import RequestIds
from bff.http.guards.trusted_proxies import FORWARDED, TrustedProxies
from bff.http.options import Options, Timeouts
from bff.http.response_room import ResponseRoom
from bff.http.responses import health
from bff.http.responses.compression import Compression
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import CONTENT_TYPES, JSON, parse_accept
from bff.http.responses.server_timing import start_timing
from bff.http.responses.statuses import choose_draft
from bff.http.server.admin import open_admin
from bff.http.server.lifespan import Lifespan, serve_lifespan
from bff.http.transports.table import make_transports
from bff.http.transports.transport import find_transport, serve_request
from bff.http.transports.websocket import serve_websocket
from bff.observability.logger import get_logger

log = get_logger("bff.http")

_MAX_HOSTS = 100
"""Host headers that are known as good; to check one takes longer than to look it up."""
_ADMIN_PATHS = frozenset({"/live", "/ready", "/metrics"})
_PROBES = frozenset({"/live", "/ready"})
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
        self._all_metrics = metrics
        self._metrics = metrics if options.metrics and options.admin is None else None
        self._shows_details = options.ready_details and options.admin is None
        self._lifespan = lifespan
        self._ids = RequestIds()
        self._compression = Compression(options.compression.min_size) if options.compression else None
        self._room = ResponseRoom(options.max_unsent // 2, options.write_timeout)
        self._pages = Pages()
        self._allowed_hosts = AllowedHosts(options.hosts)
        self._proxies = TrustedProxies(options.trusted_proxies)
        self._addresses = Addresses(options.websocket.max_per_address)
        self._hosts: set[str | None] = set()
        self._transports = make_transports(options, timeouts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope: a request, a websocket or the lifespan."""
        if scope["type"] != "http":
            await self._serve_other(scope, receive, send)
            return
        headers = read_headers(scope)
        if not FORWARDED.isdisjoint(headers):
            scope = self._proxies.apply(scope, headers)
        request_id = headers["x-request-id"] = self._ids.choose(headers.get("x-request-id"))
        exchange = Exchange(scope, receive, send, headers, request_id)
        exchange.compression = self._compression
        exchange.room = self._room
        try:
            if headers.get("host") not in self._hosts:
                self._check_host(exchange)
            await self._route(exchange)
        except Refused as refusal:
            await self._send_refusal(exchange, refusal)
        except ClientGone:
            pass
        except Exception:
            log.exception("http_failed", path=exchange.path, request_id=request_id)
            if exchange.started:
                raise  # half a response is sent: the server must break the connection
            with suppress(OSError):
                await self._send_refusal(exchange, make_internal_error(request_id))
        finally:
            for file in exchange.files:
                file.close()

    def _check_host(self, exchange: Exchange) -> None:
        """Check a Host that is not known as good. Raises Refused. Probes name the address of a container."""
        check_host(exchange.headers, exchange.scope)
        if exchange.path in _PROBES:
            return
        self._allowed_hosts.check(exchange.headers)
        host = exchange.headers.get("host")
        if host is not None:  # only HTTP/1.0 may leave it out, so that it is checked each time
            if len(self._hosts) == _MAX_HOSTS:
                self._hosts.clear()
            self._hosts.add(host)

    async def _send_refusal(self, exchange: Exchange, refusal: Refused) -> None:
        """Send a refusal in the media type that the client prefers, or in JSON if it accepts none."""
        status, answer = refusal.status, refusal.answer()
        media = parse_accept(exchange.headers.get("accept")).json
        if self._options.status_codes == "draft" and media is not None:
            status, media = choose_draft(answer, media)
        headers = {"cache-control": "no-store", **refusal.headers}
        await exchange.respond(status, encode(answer), CONTENT_TYPES[media or JSON], headers)

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
                hosts=self._allowed_hosts,
                proxies=self._proxies,
                addresses=self._addresses,
            )
        elif scope["type"] == "lifespan":
            await serve_lifespan(scope, receive, send, partial(self._run_lifespan, scope.get("state", {})))

    @asynccontextmanager
    async def _run_lifespan(self, state: Mapping[str, Any]) -> AsyncIterator[None]:
        """The lifespan of the service; the transports, which use the service, are closed before it ends.

        `state` is what the server hands on to each request; the requests of the admin port get it too.
        """
        async with AsyncExitStack() as stack:
            if self._lifespan is not None:
                await stack.enter_async_context(self._lifespan())
            if self._options.admin is not None:
                at = self._options.admin
                admin = AdminDoor(self._gateway, self._all_metrics, state, hosts=choose_hosts(None, at.host))
                await stack.enter_async_context(open_admin(admin, at))
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
            return health.respond_ready(exchange, self._gateway(), shows_details=self._may_show_details(exchange))
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

    def _may_show_details(self, exchange: Exchange) -> bool:
        """Not under a name that a page may have led here (DNS rebinding); probes need the status only."""
        return self._shows_details and self._allowed_hosts.is_allowed(exchange.headers.get("host", ""))

    def _route_graphql(self, exchange: Exchange, fixed: str | None) -> Awaitable[None]:
        gateway = self._gateway()
        if "origin" in exchange.headers:
            cards = list_candidates(gateway, fixed)
            if is_preflight(exchange):
                return answer_preflight(exchange, cards)
            allow_reading(exchange, cards)
        transport = find_transport(self._transports, exchange)
        if transport is None:
            raise _refuse_method(exchange, "GET", "HEAD", "POST")
        if transport.shows_page and self._options.graphiql and _is_navigation(exchange):
            return self._pages.send_page(exchange, gateway, fixed, shows_names=self._options.frontend_names)
        start_timing(exchange, self._options)
        return serve_request(transport, exchange, gateway, fixed)


class AdminDoor(Door):
    """The ASGI application of the admin port: probes with details, and metrics."""

    def __init__(
        self, gateway: GatewayNow, metrics: Metrics | None, state: Mapping[str, Any], *, hosts: tuple[str, ...]
    ) -> None:
        """`state` is that of the public server; `hosts` are the names to answer to."""
        super().__init__(gateway, Options(hosts=hosts), timeouts=Timeouts(), metrics=metrics)
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await super().__call__({**scope, "state": {**self._state, **scope.get("state", {})}}, receive, send)

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close"})

    def _route(self, exchange: Exchange) -> Awaitable[None]:
        if exchange.path not in _ADMIN_PATHS:
            raise Problem.NOT_FOUND.refusal("This port has /live, /ready and /metrics.")
        return super()._route(exchange)


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
    names = f"{', '.join(methods[:-1])} or {methods[-1]}"
    message = f"{exchange.method[:20]} is not for {exchange.path[:100]}; use {names}."
    return Problem.METHOD_NOT_ALLOWED.refusal(message, allow=", ".join(methods))
