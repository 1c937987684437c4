"""The single connection mode of the GraphQL over SSE protocol (graphql-sse, PROTOCOL.md): all results on one stream.

PUT reserves a stream and returns its token, GET reads it, POST runs an operation on it, DELETE stops an operation. Each
event has an id. Operations continue for a moment after the reader has disconnected: a client that connects again with
the same token resumes, and with `Last-Event-ID` resumes after that event, as EventSource does by itself.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from urllib.parse import parse_qs

from bff.contract import Answer, Answers, FrontendCard, Parts, Problem, Refused, Request, make_internal_error
from bff.http.asgi import Exchange
from bff.http.options import Options, Timeouts
from bff.http.requests.body import read_body
from bff.http.requests.budget import BodyBudget
from bff.http.requests.params import Params, check_media_type, read_json
from bff.http.responses.encode import encode, to_json
from bff.http.transports.event_streams import EventStream, EventStreams
from bff.http.transports.response_heads import ignore_head
from bff.http.transports.slow_consumers import limit_backlog
from bff.http.transports.sse import send_stream
from bff.http.transports.transport import Admitted, Transport
from bff.observability.logger import get_logger

log = get_logger("bff.http")

TOKEN = "x-graphql-event-stream-token"  # noqa: S105 - the name of a header
_TOKEN = re.compile(r"es-[\w-]{43}", re.ASCII)
_EVENT_ID = re.compile(r"\d{1,15}", re.ASCII)
_MAX_ID_LENGTH = 200
_METHODS = ("GET", "POST", "PUT", "DELETE")


class SingleConnection(Transport[Params | None]):
    """The four methods of the protocol. The message is the operation of a POST, None for the others."""

    def __init__(self, options: Options, timeouts: Timeouts, budget: BodyBudget) -> None:
        self._options = options
        self._timeouts = timeouts
        self._budget = budget
        self._is_enabled = options.subscriptions.max_streams > 0
        self.streams = EventStreams(options.subscriptions, timeouts)

    def matches(self, exchange: Exchange) -> bool:
        """A PUT, or any method with the token of a stream."""
        if not self._is_enabled:
            return False
        if exchange.method == "PUT" or TOKEN in exchange.headers:
            return True
        return b"token" in exchange.scope["query_string"] and _find_token(exchange) is not None

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse other methods, and a POST of anything but JSON."""
        if exchange.method not in _METHODS:
            message = f"{exchange.method[:20]} is not for event streams; use GET, POST, PUT or DELETE."
            raise Problem.METHOD_NOT_ALLOWED.refusal(message, allow=", ".join(_METHODS))
        if exchange.method == "POST":
            check_media_type(exchange.headers.get("content-type"))

    async def read(self, exchange: Exchange, card: FrontendCard) -> Params | None:
        """The operation of a POST."""
        if exchange.method != "POST":
            return None
        self.streams.find(_get_token(exchange))
        params = read_json(await read_body(exchange, self._options.max_body_size, self._timeouts, self._budget))
        if isinstance(params, list):
            raise Problem.BATCHING_DISABLED.refusal("On an event stream, send one operation in each request.")
        return params

    async def respond(self, admitted: Admitted, message: Params | None) -> None:
        """Reserve or read a stream, start or stop an operation."""
        exchange = admitted.exchange
        if message is not None:
            await self._start_operation(admitted, message)
        elif exchange.method == "PUT":
            token = self.streams.reserve(exchange.client).encode()
            await exchange.respond(201, token, "text/plain; charset=utf-8", {"cache-control": "no-store"})
        elif exchange.method == "GET":
            with self.streams.open(_get_token(exchange), _read_last_event_id(exchange)) as stream:
                stream.abort = exchange.abort
                await send_stream(exchange, stream.read_events(), self._timeouts)
        else:
            await _stop_operation(exchange, self.streams.find(_get_token(exchange)))

    async def close(self) -> None:
        """Close all streams."""
        await self.streams.close()

    async def _start_operation(self, admitted: Admitted, params: Params) -> None:
        """Accept an operation; its results, and request errors too, are events of the stream."""
        exchange = admitted.exchange
        stream = self.streams.find(_get_token(exchange))
        id = params.extensions.get("operationId")  # noqa: A001 - the protocol's word
        if not isinstance(id, str) or not 0 < len(id) <= _MAX_ID_LENGTH:
            raise Problem.BAD_REQUEST.refusal(
                f"`extensions.operationId` must be a string of 1 to {_MAX_ID_LENGTH} characters on an event stream."
            )
        request = params.to_request(admitted.card.name, exchange.headers, exchange.client, asgi_scope=exchange.scope)
        operation = self._run_operation(stream, id, admitted, request)
        stream.start_operation(id, operation, self._options.subscriptions.max_operations)
        await exchange.respond(202, b"", "text/plain; charset=utf-8")

    async def _run_operation(
        self,
        stream: EventStream,
        id: str,  # noqa: A002 - the protocol's word
        admitted: Admitted,
        request: Request,
    ) -> None:
        request_id = admitted.exchange.request_id
        try:
            async with aclosing(self._read_answers(admitted, request, stream)) as answers:
                async for each in answers:
                    ignore_head(each, request_id, reason="event stream")
                    await _put_result(stream, id, each)
        except Refused as refusal:
            if refusal.code == Problem.SERVER_STOPPING.name:
                stream.abort()  # without `complete`, so that the client connects again
                return
            await _put_result(stream, id, refusal.answer())
        except Exception:
            log.exception("operation_failed", request_id=request_id)
            await _put_result(stream, id, make_internal_error(request_id).answer())
        stream.release_id(id)  # before complete is sent, because the client may use the id again at once
        await stream.put_event(b"complete", to_json({"id": id}))

    async def _read_answers(self, admitted: Admitted, request: Request, stream: EventStream) -> Answers:
        answer = await admitted.answer_detached(request)
        assert not isinstance(answer, Parts), "the request does not allow parts"
        if isinstance(answer, Answer):
            yield answer
            return
        bounded = limit_backlog(answer, self._options.subscriptions, lambda: stream.abort(), self._timeouts)
        async with aclosing(bounded) as events:
            async for event in events:
                yield event


async def _put_result(stream: EventStream, id: str, answer: Answer) -> None:  # noqa: A002 - the protocol's word
    await stream.put_event(b"next", b'{"id":' + to_json(id) + b',"payload":' + encode(answer) + b"}")


async def _stop_operation(exchange: Exchange, stream: EventStream) -> None:
    id = _read_parameter(exchange, "operationId")  # noqa: A001 - the protocol's word
    if not id:
        raise Problem.BAD_REQUEST.refusal("The URL must name the operation to stop: ?operationId=...")
    stream.stop_operation(id)
    await exchange.respond(200, b"", "text/plain; charset=utf-8")


def _get_token(exchange: Exchange) -> str:
    """The token of a request; empty, which is the token of no stream, if it has none."""
    return _find_token(exchange) or ""


def _find_token(exchange: Exchange) -> str | None:
    """The token in the header or the URL. A `token` in the URL that is not of our form may mean anything else."""
    header = exchange.headers.get(TOKEN)
    if header is not None:
        return header
    parameter = _read_parameter(exchange, "token")
    return parameter if _TOKEN.fullmatch(parameter) else None


def _read_parameter(exchange: Exchange, name: str) -> str:
    query: bytes = exchange.scope["query_string"]
    if name.encode() not in query:
        return ""
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=50).get(name, [""])[0]
    except ValueError:
        return ""


def _read_last_event_id(exchange: Exchange) -> int | None:
    header = exchange.headers.get("last-event-id")
    if header is None:
        return None
    if not _EVENT_ID.fullmatch(header):
        raise Problem.BAD_REQUEST.refusal("`Last-Event-ID` must be the id of an event of this stream.")
    return int(header)
