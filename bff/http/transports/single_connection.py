"""The single connection mode of the GraphQL over SSE protocol (graphql-sse, PROTOCOL.md): all results on one stream.

PUT reserves a stream and gives its token, GET reads it, POST runs an operation on it, DELETE stops one. Each event has
an id. Operations go on for a moment when the reader has gone; who comes back with the same token reads on, and with
`Last-Event-ID` from there, as EventSource does by itself. Called by the door.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from urllib.parse import parse_qs

import structlog

from bff.contract import Answer, Answers, AnswersRequests, Parts, Refused, Request
from bff.http.asgi import Exchange
from bff.http.errors import Problem, internal
from bff.http.extensions import get_abort
from bff.http.guards.cors import admit
from bff.http.options import Options
from bff.http.requests.body import read_body
from bff.http.requests.params import check_media_type, from_body
from bff.http.responses.encode import encode, to_json
from bff.http.transports.event_streams import Stream, Streams
from bff.http.transports.slow_consumers import unless_slow
from bff.http.transports.sse import pour

log = structlog.get_logger("bff.http")

TOKEN = "x-graphql-event-stream-token"  # noqa: S105 - the name of a header
_TOKEN = re.compile(r"es-[\w-]{43}", re.ASCII)
_EVENT_ID = re.compile(r"\d{1,15}", re.ASCII)
_LONGEST_ID = 200


class SingleConnections:
    """Answers the four methods of the protocol. One per process."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.streams = Streams(options.subscriptions)

    def concerns(self, exchange: Exchange) -> bool:
        """Whether a request is one of this protocol's."""
        if not self._options.subscriptions.max_streams:
            return False
        if exchange.method == "PUT" or TOKEN in exchange.headers:
            return True
        return b"token" in exchange.scope["query_string"] and _token(exchange) is not None

    async def answer(self, exchange: Exchange, gateway: AnswersRequests, fixed: str | None) -> None:
        """Answer one request. `fixed` is the frontend in the path. Raises Refused, and ClientGone."""
        card = gateway.choose(exchange.headers, fixed)
        if card.has_identity:
            client = exchange.scope.get("client")
            head = Request(frontend=card.name, headers=exchange.headers, client=client[0] if client else "")
            await gateway.admit(head)
        admit(exchange, gateway, card, fixed)
        match exchange.method, _token(exchange):
            case "PUT", _:
                await exchange.respond(
                    201, self.streams.reserve().encode(), "text/plain; charset=utf-8", {"cache-control": "no-store"}
                )
            case "GET", str(token):
                with self.streams.reading(token, _last_event_id(exchange)) as stream:
                    stream.cut = get_abort(exchange.scope)
                    await pour(exchange, stream.events())
            case "POST", str(token):
                await self._run(exchange, gateway, card.name, self.streams.find(token))
            case "DELETE", str(token):
                await _stop(exchange, self.streams.find(token))
            case method, _:
                message = f"{method[:20]} is not for event streams; use GET, POST, PUT or DELETE."
                raise Problem.METHOD_NOT_ALLOWED.refused(message, allow="GET, POST, PUT, DELETE")

    async def _run(self, exchange: Exchange, gateway: AnswersRequests, frontend: str, stream: Stream) -> None:
        """Accept an operation; all that comes of it, request errors too, comes over the stream."""
        check_media_type(exchange.headers.get("content-type"))
        params = from_body(await read_body(exchange, self._options.max_body_size))
        if isinstance(params, list):
            raise Problem.BATCHING_DISABLED.refused("On an event stream, send one operation a request.")
        id = params.extensions.get("operationId")  # noqa: A001 - the protocol's word
        if not isinstance(id, str) or not 0 < len(id) <= _LONGEST_ID:
            raise Problem.BAD_REQUEST.refused(
                f"`extensions.operationId` must be a string of 1 to {_LONGEST_ID} characters on an event stream."
            )
        client = exchange.scope.get("client")
        request = params.request(frontend, exchange.headers, client[0] if client else "")
        operation = self._operate(stream, id, gateway, request, exchange)
        stream.start(id, operation, self._options.subscriptions.max_operations)
        await exchange.respond(202, b"", "text/plain; charset=utf-8")

    async def _operate(
        self,
        stream: Stream,
        id: str,  # noqa: A002 - the protocol's word
        gateway: AnswersRequests,
        request: Request,
        exchange: Exchange,
    ) -> None:
        try:
            async with aclosing(self._answers(gateway, request, stream)) as answers:
                async for answer in answers:
                    await _put_next(stream, id, answer)
        except Refused as refusal:
            await _put_next(stream, id, refusal.answer())
        except Exception:
            log.exception("operation_failed", request_id=exchange.request_id)
            await _put_next(stream, id, internal(exchange.request_id).answer())
        stream.free(id)  # before complete is sent, because the client may use the id again at once
        await stream.put(b"complete", to_json({"id": id}))

    async def _answers(self, gateway: AnswersRequests, request: Request, stream: Stream) -> Answers:
        answer = await gateway.answer(request)
        assert not isinstance(answer, Parts), "parts were not asked for"
        if isinstance(answer, Answer):
            yield answer
            return
        async with aclosing(unless_slow(answer, self._options.subscriptions, lambda: stream.cut())) as events:
            async for event in events:
                yield event


async def _put_next(stream: Stream, id: str, answer: Answer) -> None:  # noqa: A002 - the protocol's word
    await stream.put(b"next", b'{"id":' + to_json(id) + b',"payload":' + encode(answer) + b"}")


async def _stop(exchange: Exchange, stream: Stream) -> None:
    id = _parameter(exchange, "operationId")  # noqa: A001 - the protocol's word
    if not id:
        raise Problem.BAD_REQUEST.refused("Say in the URL which operation to stop: ?operationId=...")
    stream.stop(id)
    await exchange.respond(200, b"", "text/plain; charset=utf-8")


def _token(exchange: Exchange) -> str | None:
    """What the header or the URL says; a parameter of the URL that is no token of ours may mean anything."""
    given = exchange.headers.get(TOKEN)
    if given is not None:
        return given
    parameter = _parameter(exchange, "token")
    return parameter if _TOKEN.fullmatch(parameter) else None


def _parameter(exchange: Exchange, name: str) -> str:
    query: bytes = exchange.scope["query_string"]
    if name.encode() not in query:
        return ""
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=50).get(name, [""])[0]
    except ValueError:
        return ""


def _last_event_id(exchange: Exchange) -> int | None:
    given = exchange.headers.get("last-event-id")
    if given is None:
        return None
    if not _EVENT_ID.fullmatch(given):
        raise Problem.BAD_REQUEST.refused("`Last-Event-ID` must be the id of an event of this stream.")
    return int(given)
