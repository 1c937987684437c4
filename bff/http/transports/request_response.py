"""GraphQL over HTTP: what GET, POST and uploads share. One operation in; one response, or a stream of them, out."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import aclosing
from typing import Any

from bff.contract import Answer, Answers, FrontendCard, Increments, Parts, Problem, timings
from bff.http.asgi import Exchange
from bff.http.options import Options, Timeouts
from bff.http.requests.budget import BodyBudget
from bff.http.requests.params import Params
from bff.http.responses.cache_headers import respond_to_get
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import CONTENT_TYPES, EVENTS, GRAPHQL, JSON, MULTIPART, Accept, parse_accept
from bff.http.responses.server_timing import measure_encoding
from bff.http.responses.statuses import STATUS_CODES, ChooseStatus
from bff.http.transports.batch import respond_to_batch
from bff.http.transports.multipart import send_parts, send_subscription
from bff.http.transports.response_heads import start_head
from bff.http.transports.slow_consumers import limit_backlog
from bff.http.transports.sse import send_events
from bff.http.transports.transport import Admitted, Transport
from connectors.aio.cooperative import LARGE

_NO_EVENTS = Problem.NOT_ACCEPTABLE.refusal(
    f"This operation is a subscription: send Accept: {EVENTS}, or {MULTIPART}; subscriptionSpec=1.0, "
    "or open a websocket at this address."
).answer()


class RequestResponse(Transport[Params | list[Any]]):
    """One operation, or a batch of them, in a request; `Accept` says how the response is sent."""

    no_mutations = False
    """Whether mutations are refused."""

    def __init__(self, options: Options, timeouts: Timeouts, budget: BodyBudget) -> None:
        """`budget` bounds the request bodies of all transports together."""
        self._options = options
        self._timeouts = timeouts
        self._budget = budget
        self._choose_status = STATUS_CODES[options.status_codes]

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse a request that accepts none of the media types."""
        accept = exchange.accept = parse_accept(exchange.headers.get("accept"))
        if accept.json is None and not (accept.events or accept.increments or accept.multipart_events):
            raise Problem.NOT_ACCEPTABLE.refusal(
                f"Accept {GRAPHQL} or {JSON}; for subscriptions {EVENTS}. This request accepts none of them."
            )

    def respond(self, admitted: Admitted, message: Params | list[Any]) -> Awaitable[None]:
        """Answer one operation, or the decoded array of a batch."""
        if isinstance(message, list):
            return respond_to_batch(admitted, message)
        return self._respond_to_operation(admitted, message)

    async def _respond_to_operation(self, admitted: Admitted, params: Params) -> None:
        exchange = admitted.exchange
        accept: Accept = exchange.accept
        request = params.to_request(
            admitted.card.name,
            exchange.headers,
            exchange.client,
            no_mutations=self.no_mutations,
            instead_of_events=None if accept.events or accept.multipart_events else _NO_EVENTS,
            increments=_choose_increments(accept),
            asgi_scope=exchange.scope,
            takes_records=True,
        )
        answer = await admitted.answer(request)
        if not isinstance(answer, Answer):
            await self._send_many(exchange, answer, accept)
        elif accept.json is None and accept.events and (answer.was_executed or answer.status == 400):
            await send_events(exchange, _yield_one(answer), self._timeouts, status=start_head(exchange, answer))
        else:
            await _respond(exchange, admitted.card, answer, accept.json or JSON, self._choose_status)

    async def _send_many(self, exchange: Exchange, answer: Parts | Answers, accept: Accept) -> None:
        if not isinstance(answer, Parts):
            events = limit_backlog(answer, self._options.subscriptions, exchange.abort, self._timeouts)
            await (send_subscription if accept.multipart_events else send_events)(exchange, events, self._timeouts)
        elif accept.increments is not None:
            await send_parts(exchange, answer, accept.increments, status=start_head(exchange, answer.first))
        else:
            async with aclosing(answer.more):
                status = start_head(exchange, answer.first)
                await send_events(exchange, _yield_parts(answer), self._timeouts, status=status)


async def _respond(
    exchange: Exchange, card: FrontendCard, answer: Answer, media: str, choose_status: ChooseStatus
) -> None:
    status, media = choose_status(answer, media)
    headers = answer.headers
    if answer.head is not None:
        status, headers = start_head(exchange, answer, status), {"cache-control": answer.head.cache_control}
    if exchange.room.is_crowded:
        await exchange.wait_for_room(answer.body())
    if timings.get() is None:
        body = encode(answer)
    else:
        with measure_encoding(exchange):
            body = encode(answer)
    if exchange.method != "POST":
        sending = respond_to_get(exchange, card, answer, body, status, CONTENT_TYPES[media])
    else:
        sending = exchange.respond(status, body, CONTENT_TYPES[media], headers)
    if len(body) <= LARGE:
        await sending
    else:
        with exchange.room.holding(len(body)):
            await sending


def _choose_increments(accept: Accept) -> Increments | None:
    """The form that the client accepts; a client that accepts events only gets the parts as events."""
    return accept.increments or (Increments.PATHS if accept.events and accept.json is None else None)


async def _yield_parts(parts: Parts) -> Answers:
    yield parts.first
    async for part in parts.more:
        yield part


async def _yield_one(answer: Answer) -> Answers:
    """One answer or request error, for a client that accepts only events (graphql-sse, `Distinct connections mode`)."""
    yield answer
