"""REST upstreams: one call becomes one HTTP request. Built by connectors.kinds, used through policies."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.aio.threads import run_in_thread
from connectors.contract import Call, Operation, Reply
from connectors.errors import UpstreamBadReply
from connectors.failures import check_failures
from connectors.messages.json_slices import Bounds
from connectors.rest.decode import make_reply
from connectors.rest.encode.url import add_query
from connectors.rest.errors import is_empty_answer
from connectors.rest.operations import Request, RestOperation
from connectors.rest.options import Options
from connectors.rest.paging_walk import PageWalk
from connectors.rest.schema_description import OpenApiDescription
from connectors.rest.schema_document import read_document
from connectors.transport import HttpReply, Transport, open_transport
from connectors.transport.redirects import MAX_REDIRECTS, REDIRECTS, follow_redirect
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
        self._query = options.query_texts()
        self._follows_redirects = options.redirects == "same_origin"
        self._bounds = Bounds(options.max_depth, options.max_values)

    async def start(self) -> None:
        """As Connector.start; nothing is needed before the first call."""

    async def describe(self) -> OpenApiDescription | None:
        """As Describes. Raises DefinitionError for a file that is no description."""
        path = self._options.openapi
        if path is None:
            return None
        return OpenApiDescription(await run_in_thread(read_document, self._name, path), self._options)

    async def close(self) -> None:
        """As Connector.close."""
        await self._transport.close()

    async def check(self) -> None:
        """Request the health path. Any status below 500 shows that the upstream takes calls."""
        method, path = ("GET", self._options.health) if self._options.health else ("HEAD", "/")
        operation = Operation(upstream=self._name, name=f"{method} {path}")
        url = add_query(self._address + path, self._query)
        response = await self._transport.request(operation, method, url, headers={}, timeout=_CHECK_TIMEOUT)
        if response.status >= 500 and (error := error_for_status(operation, response)):
            raise error

    async def send(self, call: Call) -> Reply:
        """As Connector.send. The body is decoded when the reply's data is read."""
        operation = call.operation
        assert isinstance(operation, RestOperation)
        request = operation.build_request(call)
        if operation.pages is None:
            response = await self._request(call, operation, self._address + request.url, request)
            if response.status in REDIRECTS:
                response = await self._follow_redirects(call, operation, self._address + request.url, request, response)
            reply = self._make_reply(call, operation, response)
            return reply if operation.failure is None else await check_failures(call, reply)

        async def send_page(url: str, request: Request) -> tuple[Reply, int]:
            response = await self._request(call, operation, url, request)
            response = await self._follow_redirects(call, operation, url, request, response)
            reply = self._make_reply(call, operation, response)
            if operation.failure is not None:
                reply = await check_failures(call, reply)
            return reply, len(response.body)

        walk = PageWalk(call, operation, operation.pages, self._address, self._options.max_reply_size, send_page)
        return await walk.collect(request)

    def _request(self, call: Call, operation: RestOperation, url: str, request: Request) -> Awaitable[HttpReply]:
        accept = "application/json" if operation.reply is None else operation.reply.accept
        headers = {"accept": accept, **request.headers, **call.headers}
        if self._query:
            url = add_query(url, self._query)
        return self._transport.request(
            operation, operation.method, url, headers=headers, body=request.body, timeout=call.left(self._clock)
        )

    async def _follow_redirects(
        self, call: Call, operation: RestOperation, url: str, request: Request, response: HttpReply
    ) -> HttpReply:
        """The response at the end of redirects. Raises UpstreamBadReply for one that is not followed."""
        if not self._follows_redirects:
            return response
        for _ in range(MAX_REDIRECTS):
            target = follow_redirect(operation, operation.method, url, response)
            if target is None:
                return response
            url = target
            response = await self._request(call, operation, url, request)
        if response.status in REDIRECTS:
            reason = f"there are more than {MAX_REDIRECTS} redirects; write the final path in the endpoint"
            raise UpstreamBadReply(operation, reason, upstream_code=str(response.status))
        return response

    def _make_reply(self, call: Call, operation: RestOperation, response: HttpReply) -> Reply:
        error = error_for_status(operation, response)
        if error is None:
            return make_reply(operation, response, self._bounds)
        if is_empty_answer(call, operation, response.status):
            return Reply(None, status=response.status, headers=response.headers)
        raise error


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> RestConnector:
    """Create the connector of one upstream, without I/O."""
    return RestConnector(name, options, open_transport(options, clock), clock)
