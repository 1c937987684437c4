"""GraphQL over HTTP: one POST or GET in, one response or a stream of events out. Called by the door.

Status codes: the specification's newest draft (August 2026) wants 422 for requests that do not validate and 294 for
partial answers, whatever the media type; the audit suite `graphql-http`, and the clients that exist, want 400 and 200,
and 200 for every well-formed request in application/json. We follow the audit suite; `status_of` is the one place.
"""

from __future__ import annotations

from contextlib import aclosing

from bff.contract import Answer, Answers, AnswersRequests, Increments, Parts, Request
from bff.http.asgi import Exchange
from bff.http.body import read_body
from bff.http.encode import encode
from bff.http.errors import Problem
from bff.http.hangup import while_connected
from bff.http.multipart import send_parts, send_subscription
from bff.http.negotiate import EVENTS, GRAPHQL, JSON, MULTIPART, Wanted, wanted
from bff.http.params import Params, check_media_type, from_body, from_url
from bff.http.sse import send_events

_CONTENT_TYPES = {media: f"{media}; charset=utf-8" for media in (JSON, GRAPHQL)}
_FOR_GET = {"vary": "accept"}
_ALLOW_POST = {"allow": "POST"}


async def answer_graphql(exchange: Exchange, gateway: AnswersRequests, fixed: str | None, most: int) -> None:
    """Answer one request. `fixed` is the frontend in the path, `most` the largest body in bytes.

    Raises Refused, and ClientGone when the client hangs up; what ran for it is cancelled then.
    """
    accept = wanted(exchange.headers.get("accept"))
    if accept.json is None and not (accept.events or accept.increments or accept.multipart_events):
        raise Problem.NOT_ACCEPTABLE.refused(
            f"Accept {GRAPHQL} or {JSON}; for subscriptions {EVENTS}. This request accepts none of them."
        )
    is_get = exchange.method == "GET"
    if not is_get:
        check_media_type(exchange.headers.get("content-type"))
    frontend = gateway.choose(exchange.headers, fixed)
    params = from_url(exchange.scope["query_string"]) if is_get else from_body(await read_body(exchange, most))
    request = _request(exchange, frontend, params, is_get, _increments(accept))
    answer = await while_connected(gateway.answer(request), exchange.receive)
    if isinstance(answer, Parts):
        await _send_parts(exchange, answer, accept)
    elif not isinstance(answer, Answer):
        await _stream(exchange, answer, accept)
    elif accept.json is None and accept.events and (answer.was_executed or answer.status == 400):
        await send_events(exchange, _only(answer))
    else:
        await _respond(exchange, answer, accept.json or JSON)


def status_of(answer: Answer, media: str) -> int:
    """The HTTP status of an answer in a media type."""
    if answer.was_executed or (media == JSON and answer.status == 400):
        return 200
    return answer.status


def _request(exchange: Exchange, frontend: str, params: Params, is_get: bool, increments: Increments | None) -> Request:
    client = exchange.scope.get("client")
    return Request(
        frontend=frontend,
        query=params.query,
        operation_name=params.operation_name,
        variables=params.variables,
        headers=exchange.headers,
        client=client[0] if client else "",
        no_mutations=is_get,
        increments=increments,
    )


async def _respond(exchange: Exchange, answer: Answer, media: str) -> None:
    status = status_of(answer, media)
    headers = _ALLOW_POST if status == 405 else _FOR_GET if exchange.method == "GET" else None
    await exchange.respond(status, encode(answer), _CONTENT_TYPES[media], headers)


def _increments(accept: Wanted) -> Increments | None:
    """Parts go to who asks for them, and as events to who takes nothing but events."""
    return accept.increments or (Increments.PATHS if accept.events and accept.json is None else None)


async def _send_parts(exchange: Exchange, parts: Parts, accept: Wanted) -> None:
    if accept.increments is not None:
        await send_parts(exchange, parts, accept.increments)
    else:
        async with aclosing(parts.more):
            await send_events(exchange, _all(parts))


async def _stream(exchange: Exchange, answers: Answers, accept: Wanted) -> None:
    if accept.multipart_events:
        await send_subscription(exchange, answers)
    elif accept.events:
        await send_events(exchange, answers)
    else:
        await answers.aclose()
        raise Problem.NOT_ACCEPTABLE.refused(
            f"This operation is a subscription: send Accept: {EVENTS}, or {MULTIPART}; subscriptionSpec=1.0, "
            "or open a websocket at this address."
        )


async def _all(parts: Parts) -> Answers:
    yield parts.first
    async for part in parts.more:
        yield part


async def _only(answer: Answer) -> Answers:
    """The one answer, or request error, for a client that accepts nothing but events (`Distinct connections mode`)."""
    yield answer
