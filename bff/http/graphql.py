"""GraphQL over HTTP: one POST or GET in, one response or a stream of events out. Called by the door.

Status codes: the specification's newest draft (August 2026) wants 422 for requests that do not validate and 294 for
partial answers, whatever the media type; the audit suite `graphql-http`, and the clients that exist, want 400 and 200,
and 200 for every well-formed request in application/json. We follow the audit suite; `status_of` is the one place.
"""

from __future__ import annotations

from bff.contract import Answer, Answers, AnswersRequests, Request
from bff.http.asgi import Exchange
from bff.http.body import read_body
from bff.http.encode import encode
from bff.http.errors import Problem
from bff.http.hangup import while_connected
from bff.http.negotiate import EVENTS, GRAPHQL, JSON, wanted
from bff.http.options import Options
from bff.http.params import Params, check_media_type, from_body, from_url
from bff.http.slow import cutter, unless_slow
from bff.http.sse import send_events

_CONTENT_TYPES = {media: f"{media}; charset=utf-8" for media in (JSON, GRAPHQL)}
_FOR_GET = {"vary": "accept"}
_ALLOW_POST = {"allow": "POST"}


async def answer_graphql(exchange: Exchange, gateway: AnswersRequests, fixed: str | None, options: Options) -> None:
    """Answer one request. `fixed` is the frontend in the path.

    Raises Refused, and ClientGone when the client hangs up; what ran for it is cancelled then.
    """
    accept = wanted(exchange.headers.get("accept"))
    if accept.json is None and not accept.events:
        raise Problem.NOT_ACCEPTABLE.refused(
            f"Accept {GRAPHQL} or {JSON}; for subscriptions {EVENTS}. This request accepts none of them."
        )
    is_get = exchange.method == "GET"
    if not is_get:
        check_media_type(exchange.headers.get("content-type"))
    frontend = gateway.choose(exchange.headers, fixed)
    params = (
        from_url(exchange.scope["query_string"]) if is_get else from_body(await read_body(exchange, options.max_body))
    )
    request = _request(exchange, frontend, params, is_get)
    answer = await while_connected(gateway.answer(request), exchange.receive)
    answer = unless_slow(answer, options.subscriptions, cutter(exchange.scope))
    if not isinstance(answer, Answer):
        await _stream(exchange, answer, has_asked=accept.events)
    elif accept.json is None and (answer.was_executed or answer.status == 400):
        await send_events(exchange, _only(answer))
    else:
        await _respond(exchange, answer, accept.json or JSON)


def status_of(answer: Answer, media: str) -> int:
    """The HTTP status of an answer in a media type."""
    if answer.was_executed or (media == JSON and answer.status == 400):
        return 200
    return answer.status


def _request(exchange: Exchange, frontend: str, params: Params, is_get: bool) -> Request:
    client = exchange.scope.get("client")
    return Request(
        frontend=frontend,
        query=params.query,
        operation_name=params.operation_name,
        variables=params.variables,
        headers=exchange.headers,
        client=client[0] if client else "",
        no_mutations=is_get,
    )


async def _respond(exchange: Exchange, answer: Answer, media: str) -> None:
    status = status_of(answer, media)
    headers = _ALLOW_POST if status == 405 else _FOR_GET if exchange.method == "GET" else None
    await exchange.respond(status, encode(answer), _CONTENT_TYPES[media], headers)


async def _stream(exchange: Exchange, answers: Answers, *, has_asked: bool) -> None:
    if not has_asked:
        await answers.aclose()
        raise Problem.NOT_ACCEPTABLE.refused(
            f"This operation is a subscription: send Accept: {EVENTS}, or open a websocket at this address."
        )
    await send_events(exchange, answers)


async def _only(answer: Answer) -> Answers:
    """The one answer, or request error, for a client that accepts nothing but events (`Distinct connections mode`)."""
    yield answer
