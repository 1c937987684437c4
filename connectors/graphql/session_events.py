"""Session: subscriptions as server-sent events, each a response of its own. Used by `session`.

Sources: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (distinct connections mode) and the HTML
standard, "Server-sent events".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NamedTuple

import httpx

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.contract import Call, Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from connectors.graphql.decode import decode_http
from connectors.graphql.options import Options
from connectors.messages.json_slices import Bounds
from connectors.transport import HttpReply
from connectors.transport.httpx_network import create_http_transport
from connectors.transport.reading import check_headers, encode_value, join_headers

_ACCEPT = "text/event-stream"


class ServerEvent(NamedTuple):
    """One event of a stream."""

    type: str
    data: str


class EventStreams:
    """The event streams of one upstream, over connections that it owns and closes."""

    def __init__(self, options: Options, clock: Clock = SYSTEM_CLOCK) -> None:
        self._options = options
        self._clock = clock
        self._bounds = Bounds(options.max_depth, options.max_values)
        self._client: httpx.AsyncClient | None = None
        self._is_closed = False

    async def subscribe(self, call: Call, request: bytes) -> AsyncGenerator[bytes, None]:
        """Yield execution results, as JSON, until the upstream completes. Closing the generator ends the response."""
        operation = call.operation
        has_types = False
        with self._translate_errors(operation):
            async with self._send(call, request) as response:
                lines = self._read_lines(call, response)
                async for event in read_events(operation, lines, self._options.max_reply_size):
                    has_types = has_types or event.type != "message"
                    if event.type == "complete":
                        return
                    if event.type in ("next", "message") and event.data:
                        yield event.data.encode()
        if has_types:
            raise UpstreamDisconnected(operation, "the event stream ended without an event of type complete")

    async def close(self) -> None:
        """End every stream. Idempotent."""
        self._is_closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def _send(self, call: Call, request: bytes) -> AsyncIterator[httpx.Response]:
        operation = call.operation
        client = self._open_client(operation)
        headers = {
            **check_headers(operation, call.headers),
            "accept": _ACCEPT,
            "content-type": "application/json",
            "cache-control": "no-store",
        }
        raw = [(name.encode("ascii"), encode_value(value)) for name, value in headers.items()]
        message = client.build_request("POST", self._options.event_stream, headers=raw, content=request)
        async with timeout_after(call.left(self._clock), self._clock):
            response = await client.send(message, stream=True)
        try:
            media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200 or media != _ACCEPT:
                await self._refuse_response(call, response, media)
            yield response
        finally:
            await response.aclose()

    async def _refuse_response(self, call: Call, response: httpx.Response, media: str) -> None:
        """Raise the error that a response without events reports."""
        body = b""
        async with timeout_after(self._options.connect_timeout, self._clock):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._options.max_reply_size:
                    break
        reply = HttpReply(response.status_code, join_headers(response.headers.multi_items()), body)
        result = await decode_http(call.operation, reply, call.headers, self._bounds, ())
        if result.problems or result.error is not None:
            raise result.create_error(call.operation)
        shown = media[:80] or "no content type"
        raise UpstreamBadReply(
            call.operation, f"expected an event stream, got HTTP {response.status_code} with {shown}"
        )

    async def _read_lines(self, call: Call, response: httpx.Response) -> AsyncIterator[bytes]:
        """The bytes of the response. Raises UpstreamTimeout at the call's deadline."""
        chunks = response.aiter_bytes()
        while True:
            try:
                async with timeout_after(call.left(self._clock), self._clock):
                    chunk = await anext(chunks, None)
            except TimeoutError as late:
                raise UpstreamTimeout(call.operation, "the deadline of the subscription has passed") from late
            if chunk is None:
                return
            yield chunk

    def _open_client(self, operation: Operation) -> httpx.AsyncClient:
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        if self._client is None:
            try:
                self._client = httpx.AsyncClient(
                    transport=create_http_transport(self._options, self._clock),
                    timeout=httpx.Timeout(None, connect=self._options.connect_timeout),
                    follow_redirects=False,
                    trust_env=False,
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # cookies belong to one caller
                    headers={"user-agent": "bff", "accept-encoding": "identity"},
                )
            except OSError as error:  # ssl.SSLError is one
                raise UpstreamUnreachable(operation, f"the TLS settings cannot be used: {error}") from error
        return self._client

    @contextmanager
    def _translate_errors(self, operation: Operation) -> Iterator[None]:
        """Translate what httpx raises."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise UpstreamUnreachable(operation, f"no connection: {error or type(error).__name__}") from error
        except TimeoutError as error:
            raise UpstreamTimeout(operation, "no event stream before the deadline") from error
        except (httpx.HTTPError, httpx.StreamError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not self._is_closed:
                raise
            detail = "the connector was closed during the subscription" if self._is_closed else f"it broke: {error}"
            raise UpstreamDisconnected(operation, detail) from error


async def read_events(operation: Operation, chunks: AsyncIterator[bytes], max_size: int) -> AsyncIterator[ServerEvent]:
    """The events in the bytes of a stream; those without data and type are left out.

    Raises UpstreamReplyTooLarge for an event over `max_size` bytes, UpstreamBadReply for bytes that are not UTF-8.
    """
    fields: dict[str, list[str]] = {}
    size = 0
    async for line in _split_lines(operation, chunks, max_size):
        size += len(line)
        if size > max_size:
            raise UpstreamReplyTooLarge(operation, f"an event exceeds max_reply_size, {max_size} bytes")
        if line:
            name, _, value = _decode_line(operation, line).partition(":")
            if name in ("event", "data"):
                fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if fields:
            yield ServerEvent(fields.get("event", ["message"])[-1], "\n".join(fields.get("data", [])))
        fields, size = {}, 0


def _decode_line(operation: Operation, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UpstreamBadReply(operation, "the event stream is not UTF-8") from error


async def _split_lines(operation: Operation, chunks: AsyncIterator[bytes], max_size: int) -> AsyncIterator[bytes]:
    """Lines that end with LF, CRLF or CR; a byte order mark at the start is left out."""
    rest, is_first, after_cr = b"", True, False
    async for chunk in chunks:
        if after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        after_cr = chunk.endswith(b"\r") if chunk else after_cr
        text = rest + chunk
        if is_first and len(text) >= 3:
            text, is_first = text.removeprefix(b"\xef\xbb\xbf"), False
        *lines, rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            yield line
        if len(rest) > max_size:
            raise UpstreamReplyTooLarge(operation, f"an event exceeds max_reply_size, {max_size} bytes")
