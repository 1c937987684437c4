"""REST upstreams: one call becomes one HTTP request. Built by connectors.kinds, used through policies."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Operation, Reply, at_path
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.failures import check_failures
from connectors.messages.json_slices import Bounds
from connectors.messages.paths import format_path
from connectors.rest.decode import make_reply
from connectors.rest.errors import is_empty_answer
from connectors.rest.operations import Request, RestOperation
from connectors.rest.options import Options
from connectors.rest.paging import Page, Pages, replace_items
from connectors.transport import HttpReply, Transport, open_transport
from connectors.transport.status import error_for_status

_CHECK_TIMEOUT = 5.0


class RestConnector:
    """Speaks to one REST upstream through one pooled transport, which it owns and closes."""

    keeps_deadlines: Literal[True] = True
    """Each request gets the seconds that are left; the connector waits for nothing else."""

    def __init__(self, name: str, options: Options, transport: Transport, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = name
        self._options = options
        self._transport = transport
        self._clock = clock
        self._address = options.address
        self._bounds = Bounds(options.max_depth, options.max_values)

    async def start(self) -> None:
        """As Connector.start; nothing is needed before the first call."""

    async def close(self) -> None:
        """As Connector.close."""
        await self._transport.close()

    async def check(self) -> None:
        """Request the health path. Any status below 500 shows that the upstream takes calls."""
        method, path = ("GET", self._options.health) if self._options.health else ("HEAD", "/")
        operation = Operation(upstream=self._name, name=f"{method} {path}")
        url = self._address + path
        response = await self._transport.request(operation, method, url, headers={}, timeout=_CHECK_TIMEOUT)
        if response.status >= 500 and (error := error_for_status(operation, response)):
            raise error

    async def send(self, call: Call) -> Reply:
        """As Connector.send. JSON is decoded when the reply's data is read."""
        operation = call.operation
        assert isinstance(operation, RestOperation)
        request = operation.build_request(call)
        if operation.pages is not None:
            return await self._send_pages(call, operation, operation.pages, request)
        response = await self._request(call, operation, self._address + request.url, request)
        reply = self._make_reply(call, operation, response)
        return reply if operation.failure is None else await check_failures(call, reply)

    def _request(self, call: Call, operation: RestOperation, url: str, request: Request) -> Awaitable[HttpReply]:
        headers = {"accept": "application/json", **request.headers, **call.headers}
        return self._transport.request(
            operation, operation.method, url, headers=headers, body=request.body, timeout=call.left(self._clock)
        )

    def _make_reply(self, call: Call, operation: RestOperation, response: HttpReply) -> Reply:
        error = error_for_status(operation, response)
        if error is None:
            return make_reply(operation, response, self._bounds)
        if is_empty_answer(call, operation, response.status):
            return Reply(None, status=response.status, headers=response.headers)
        raise error

    async def _send_pages(self, call: Call, operation: RestOperation, pages: Pages, request: Request) -> Reply:
        """Request page after page within the call's deadline and the upstream's `max_reply_size`."""
        path = operation.many_items if call.keys else operation.items
        items: list[object] = []
        url: str | None = self._address + request.url
        max_bytes = bytes_left = self._options.max_reply_size
        first: Reply | None = None
        for _ in range(pages.max_pages):
            assert url is not None
            response = await self._request(call, operation, url, request)
            reply = self._make_reply(call, operation, response)
            if operation.failure is not None:
                reply = await check_failures(call, reply)
            if (bytes_left := bytes_left - len(response.body)) < 0:
                reason = f"the pages together exceed max_reply_size, {max_bytes} bytes"
                raise UpstreamReplyTooLarge(operation, reason)
            found = at_path(await reply.read(), path)
            if found is None and first is None:
                return reply
            if not isinstance(found, list):
                place = format_path(path) or "its top"
                raise UpstreamBadReply(operation, f"expected a list at {place} of a page, got {type(found).__name__}")
            first = first or reply
            items += found
            try:
                url = pages.next(Page(url, reply.data, found, reply.headers))
            except ValueError as error:
                raise UpstreamBadReply(operation, f"no next page: {error}") from error
            if url is None:
                break
        assert first is not None
        return Reply(replace_items(first.data, path, items), status=first.status, headers=first.headers)


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> RestConnector:
    """Create the connector of one upstream, without I/O."""
    return RestConnector(name, options, open_transport(options, clock), clock)
