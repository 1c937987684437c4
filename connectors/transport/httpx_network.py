"""The network of the httpx engine: our lookups of names, and no second use of a connection with surplus bytes.

httpcore reuses a connection if its socket is not readable. Bytes that came after a response and were read with it, into
h11, a queue of anyio or a buffer of TLS, would answer the next request; here they close the connection. Names that
begin with `_` are those of httpcore (1.0), h11 and anyio (4).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpcore
import httpx
from anyio.streams.tls import TLSStream

from connectors.aio.clock import Clock, timeout_after
from connectors.reports import report_event
from connectors.transport.contract import HttpOptions
from connectors.transport.heads import HeadError, HeadMender
from connectors.transport.resolve import Address, Resolver

UPSTREAM = "bff.upstream"
"""The extension of a request that has the name of its upstream."""
_IDLE = 60.0
"""Seconds after which an unused connection is closed: firewalls forget it without telling."""


def create_http_transport(options: HttpOptions, clock: Clock) -> httpx.AsyncHTTPTransport:
    """The transport of one client. Raises OSError for TLS settings that cannot be used."""
    limits = httpx.Limits(
        max_connections=options.max_connections,
        max_keepalive_connections=options.max_connections,
        keepalive_expiry=_IDLE,
    )
    context = options.tls.context()
    transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)
    transport._pool = _Pool(  # noqa: SLF001 - httpx offers no other way
        ssl_context=context,
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_keepalive_connections,
        keepalive_expiry=limits.keepalive_expiry,
        network_backend=_Network(Resolver(options.dns, clock), clock),
    )
    return transport


class _Pool(httpcore.AsyncConnectionPool):
    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        return _Connection(
            origin=origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            network_backend=self._network_backend,
        )


class _Connection(httpcore.AsyncHTTPConnection):
    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        response = await super().handle_async_request(request)
        if isinstance(self._connection, httpcore.AsyncHTTP11Connection):
            has_body = request.method != b"HEAD" and response.status not in (204, 205, 304)
            is_announced = any(name.lower() in _FRAMING and value != b"0" for name, value in response.headers)
            must_close = not has_body and (is_announced or request.method == b"HEAD")
            upstream = request.extensions.get(UPSTREAM, "")
            response.stream = _Body(response.stream, self._connection, upstream, must_close=must_close)
        return response


_MAX_HEAD = 65_536
_FRAMING = (b"content-length", b"transfer-encoding")


class _Body:
    """The body of a response. When it is closed, the connection returns to the pool, or is marked before."""

    def __init__(
        self, body: Any, connection: httpcore.AsyncHTTP11Connection, upstream: str, *, must_close: bool
    ) -> None:
        self._body = body
        self._upstream = upstream
        self._connection = connection
        self._must_close = must_close

    def __aiter__(self) -> AsyncIterator[bytes]:
        iterator: AsyncIterator[bytes] = aiter(self._body)
        return iterator

    async def aclose(self) -> None:
        surplus, _ = self._connection._h11_state.trailing_data  # noqa: SLF001
        stream = self._connection._network_stream  # noqa: SLF001
        if isinstance(stream, _Stream) and (self._must_close or surplus):
            stream.must_close = True
            if surplus:
                report_event(self._upstream, "surplus_bytes")
        await self._body.aclose()


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that can be marked as not to be used again: httpcore then takes it for lost."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self.must_close = False
        self._is_before_head = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        """As httpcore's; the head comes as a whole, with what is odd put right. `max_bytes` holds for the socket."""
        if not self._is_before_head:
            return await self._stream.read(max_bytes, timeout)
        self._is_before_head = False
        mender, came, size = HeadMender(), [], 0
        while size <= _MAX_HEAD and (data := await self._stream.read(max_bytes, timeout)):
            came.append(data)
            size += len(data)
            try:
                message = mender.add(data)
            except HeadError as error:
                raise httpcore.RemoteProtocolError(str(error)) from error
            if message is not None and mender.is_odd:
                self.must_close = True
                return message
            if message is not None:
                break
        return b"".join(came)  # h11 refuses a head that is too large, or not whole

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        self._is_before_head = True
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and (self.must_close or _holds_bytes(self._stream)):
            return True
        return self._stream.get_extra_info(info)


def _holds_bytes(stream: httpcore.AsyncNetworkStream) -> bool:
    """Whether bytes were read from the socket that httpcore has not read: its socket is not readable then."""
    layer: Any = getattr(stream, "_stream", None)
    while isinstance(layer, TLSStream):
        if layer._ssl_object.pending() or layer._read_bio.pending:  # noqa: SLF001
            return True
        layer = layer.transport_stream
    protocol = getattr(layer, "_protocol", None)
    return bool(getattr(protocol, "read_queue", None))


class _Network(httpcore.AsyncNetworkBackend):
    def __init__(self, resolver: Resolver, clock: Clock) -> None:
        self._resolver = resolver
        self._clock = clock
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        async def connect(address: Address) -> httpcore.AsyncNetworkStream:
            return await self._backend.connect_tcp(address.host, port, None, local_address, socket_options)

        try:
            async with timeout_after(timeout, self._clock):
                return _Stream(await self._resolver.connect(host, port, connect, _close))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no connection to {host}:{port} within {timeout} s") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


def _close(stream: httpcore.AsyncNetworkStream) -> None:
    """A connection that was not needed. It carried nothing, so that its socket can be closed at once."""
    raw = stream.get_extra_info("socket")
    if raw is not None:
        raw.close()
