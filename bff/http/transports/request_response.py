"""GraphQL over HTTP: one POST or GET in, one response, a batch of them or a stream of events out. Called by the door.

Status codes: the specification's newest draft (August 2026) wants 422 for requests that do not validate and 294 for
partial answers, whatever the media type; the audit suite `graphql-http`, and the clients that exist, want 400 and 200,
and 200 for every well-formed request in application/json. We follow the audit suite; `status_of` is the one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from bff.contract import Answer, Answers, AnswersRequests, FrontendCard, Increments, Parts, Request, timings
from bff.http.asgi import Exchange
from bff.http.errors import Problem
from bff.http.extensions import get_abort
from bff.http.guards.cors import admit
from bff.http.guards.disconnect import while_connected
from bff.http.options import Options
from bff.http.requests.body import read_body, whole_body
from bff.http.requests.form_data import is_multipart
from bff.http.requests.params import Params, check_media_type, from_body, from_url
from bff.http.requests.upload import read_upload
from bff.http.responses.cache_headers import respond_to_get
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import EVENTS, GRAPHQL, JSON, MULTIPART, Wanted, wanted
from bff.http.responses.server_timing import telling
from bff.http.transports.batch import NOT_IN_A_BATCH, answer_batch, check_batch, encode_batch
from bff.http.transports.multipart import send_parts, send_subscription
from bff.http.transports.slow_consumers import unless_slow
from bff.http.transports.sse import send_events

_CONTENT_TYPES = {media: f"{media}; charset=utf-8" for media in (JSON, GRAPHQL)}
_NO_EVENTS = Problem.NOT_ACCEPTABLE.refused(
    f"This operation is a subscription: send Accept: {EVENTS}, or {MULTIPART}; subscriptionSpec=1.0, "
    "or open a websocket at this address."
).answer()


async def answer_graphql(exchange: Exchange, gateway: AnswersRequests, fixed: str | None, options: Options) -> None:
    """Answer one request. `fixed` is the frontend in the path.

    Raises Refused, and ClientGone when the client hangs up; what ran for it is cancelled then.
    """
    accept = wanted(exchange.headers.get("accept"))
    if accept.json is None and not (accept.events or accept.increments or accept.multipart_events):
        raise Problem.NOT_ACCEPTABLE.refused(
            f"Accept {GRAPHQL} or {JSON}; for subscriptions {EVENTS}. This request accepts none of them."
        )
    is_get, has_files = exchange.method == "GET", False
    if not is_get and exchange.headers.get("content-type") != JSON:
        has_files = is_multipart(exchange.headers)
        if not has_files:
            check_media_type(exchange.headers.get("content-type"))
    card = gateway.choose(exchange.headers, fixed)
    if card.has_identity:
        await gateway.admit(Request(frontend=card.name, headers=exchange.headers, client=_client(exchange)))
    admit(exchange, gateway, card, fixed)
    if is_get:
        params: Params | list[Any] = from_url(exchange.scope["query_string"])
    elif has_files:
        params = await read_upload(exchange, card, options.max_body_size)
    else:
        body = whole_body(exchange, options.max_body_size)
        params = from_body(await read_body(exchange, options.max_body_size) if body is None else body)
    if isinstance(params, list):
        await _answer_batch(exchange, gateway, card, params, accept.json)
        return
    request = params.request(
        card.name,
        exchange.headers,
        _client(exchange),
        no_mutations=is_get,
        instead_of_events=None if accept.events or accept.multipart_events else _NO_EVENTS,
        increments=_increments(accept),
        is_written=True,
    )
    answer = await while_connected(gateway.answer(request), exchange)
    if isinstance(answer, Parts):
        await _send_parts(exchange, answer, accept)
    elif not isinstance(answer, Answer):
        events = unless_slow(answer, options.subscriptions, get_abort(exchange.scope))
        await (send_subscription if accept.multipart_events else send_events)(exchange, events)
    elif accept.json is None and accept.events and (answer.was_executed or answer.status == 400):
        await send_events(exchange, _only(answer))
    else:
        await _respond(exchange, card, answer, accept.json or JSON)


def status_of(answer: Answer, media: str) -> int:
    """The HTTP status of an answer in a media type."""
    if answer.was_executed or (media == JSON and answer.status == 400):
        return 200
    return answer.status


def _client(exchange: Exchange) -> str:
    client = exchange.scope.get("client")
    return client[0] if client else ""


async def _answer_batch(
    exchange: Exchange, gateway: AnswersRequests, card: FrontendCard, batch: Sequence[Any], media: str | None
) -> None:
    """200 with an array, whatever happened to its elements: each tells its own errors."""
    check_batch(batch, card.batch)
    if media is None:
        raise Problem.NOT_ACCEPTABLE.refused(f"Accept {GRAPHQL} or {JSON}; a batch is not answered as {EVENTS}.")
    request = partial(
        Params.request,
        frontend=card.name,
        headers=exchange.headers,
        client=_client(exchange),
        instead_of_events=NOT_IN_A_BATCH,
    )
    answers = await while_connected(answer_batch(gateway, batch, request), exchange)
    with telling(exchange):
        body = encode_batch(answers)
    await exchange.respond(200, body, _CONTENT_TYPES[media])


async def _respond(exchange: Exchange, card: FrontendCard, answer: Answer, media: str) -> None:
    status = status_of(answer, media)
    if timings.get() is None:
        body = encode(answer)
    else:
        with telling(exchange):
            body = encode(answer)
    if exchange.method == "GET":
        await respond_to_get(exchange, card, answer, body, status, _CONTENT_TYPES[media])
    else:
        await exchange.respond(status, body, _CONTENT_TYPES[media])


def _increments(accept: Wanted) -> Increments | None:
    """Parts go to who asks for them, and as events to who takes nothing but events."""
    return accept.increments or (Increments.PATHS if accept.events and accept.json is None else None)


async def _send_parts(exchange: Exchange, parts: Parts, accept: Wanted) -> None:
    if accept.increments is not None:
        await send_parts(exchange, parts, accept.increments)
    else:
        async with aclosing(parts.more):
            await send_events(exchange, _all(parts))


async def _all(parts: Parts) -> Answers:
    yield parts.first
    async for part in parts.more:
        yield part


async def _only(answer: Answer) -> Answers:
    """The one answer, or request error, for a client that accepts nothing but events (`Distinct connections mode`)."""
    yield answer
