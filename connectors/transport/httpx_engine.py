"""The flexible HTTP engine: httpx behind the Transport protocol. Made by open_transport."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.aio.cooperative import yield_to_loop
from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamDisconnected, UpstreamTimeout, UpstreamUnreachable
from connectors.transport.contract import HttpOptions, HttpReply, Streamed
from connectors.transport.httpx_network import UPSTREAM, create_http_transport
from connectors.transport.reading import (
    CompressedBody,
    check_announced,
    check_headers,
    create_body,
    encode_value,
    join_headers,
)

for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)  # below, they write whole URLs and headers, and so secrets
_CHUNKS_AT_ONCE = 50
_BROKEN_OFF = ("Server disconnected", "peer closed")


class Engine:
    """One pooled client. Opened by the first request, so that it belongs to the running loop."""

    def __init__(self, options: HttpOptions, clock: Clock = SYSTEM_CLOCK) -> None:
        self._options = options
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._is_closed = False

    async def request(
        self,
        operation: Operation,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Streamed | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a part of the contract: engines hand it on
    ) -> HttpReply:
        """As Transport.request."""
        if timeout is not None and timeout <= 0:
            raise UpstreamTimeout(operation, "its time was up before it was sent")
        headers = check_headers(operation, headers)
        client = self._open_client(operation)
        raw = [(name.encode("ascii"), encode_value(value)) for name, value in headers.items()]
        with self._translate_errors(operation, timeout):
            if isinstance(body, Streamed):
                raw.append((b"content-length", b"%d" % body.length))
            content = body.chunks() if isinstance(body, Streamed) else body
            request = client.build_request(
                method, url, headers=raw, content=content, extensions={UPSTREAM: operation.upstream}
            )
            async with timeout_after(timeout, self._clock), _send(client, request) as response:
                return await self._read_reply(operation, response)

    async def close(self) -> None:
        """As Transport.close."""
        self._is_closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _read_reply(self, operation: Operation, response: httpx.Response) -> HttpReply:
        limit = self._options.max_reply_size
        headers = join_headers(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        )
        check_announced(operation, headers, limit)
        body, chunks = create_body(operation, headers, limit, response.status_code), 0
        async for chunk in response.aiter_raw():
            body.add(chunk)
            chunks += 1
            if not chunks % _CHUNKS_AT_ONCE:
                await yield_to_loop()  # httpx does not, while it has chunks that came together
        if isinstance(body, CompressedBody):
            await body.inflate()
        return HttpReply(status=response.status_code, headers=headers, body=body.join_chunks())

    def _open_client(self, operation: Operation) -> httpx.AsyncClient:
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        if self._client is None:
            try:
                self._client = _create_client(self._options, self._clock)
            except OSError as error:  # ssl.SSLError is one
                raise UpstreamUnreachable(operation, f"the TLS settings cannot be used: {error}") from error
        return self._client

    @contextmanager
    def _translate_errors(self, operation: Operation, timeout: float | None) -> Iterator[None]:
        """Translate what httpx raises."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise UpstreamUnreachable(operation, f"no connection: {error or type(error).__name__}") from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise UpstreamTimeout(operation, f"no whole reply within {timeout} s") from error
        except httpx.DecodingError as error:
            raise UpstreamBadReply(operation, f"the body cannot be decompressed: {error}") from error
        except httpx.RemoteProtocolError as error:
            if str(error).startswith(_BROKEN_OFF):
                raise UpstreamDisconnected(operation, f"the connection broke: {error}") from error
            raise UpstreamBadReply(operation, f"the reply is not valid HTTP: {error}") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            detail = "the connector was closed during the call" if self._is_closed else f"the connection broke: {error}"
            raise UpstreamDisconnected(operation, detail) from error


def _create_client(options: HttpOptions, clock: Clock) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=create_http_transport(options, clock),
        timeout=httpx.Timeout(None, connect=options.connect_timeout),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # stores nothing: cookies belong to one caller
        headers={"user-agent": "bff", "accept-encoding": "gzip, deflate"},
    )


@asynccontextmanager
async def _send(client: httpx.AsyncClient, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
    response = await client.send(request, stream=True)
    try:
        yield response
    finally:
        await response.aclose()
