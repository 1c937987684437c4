"""Several operations in one POST, as a JSON array: run at the same time, answered in order. Used by `post`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bff.contract import Answer, Parts, Problem, Refused, make_internal_error
from bff.http.requests.params import read_map
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import CONTENT_TYPES, EVENTS, GRAPHQL, JSON, parse_accept
from bff.http.responses.server_timing import measure_encoding
from bff.http.transports.response_heads import apply_heads
from bff.http.transports.transport import Admitted
from bff.observability.logger import get_logger

_NOT_IN_A_BATCH = Problem.SUBSCRIPTION_IN_BATCH.refusal(
    "A subscription cannot be part of a batch; send it alone."
).answer()

log = get_logger("bff.http")


async def respond_to_batch(admitted: Admitted, batch: Sequence[Any]) -> None:
    """Answer a batch with status 200 and an array, in which each element has its own errors. Raises Refused."""
    exchange = admitted.exchange
    _check_batch(batch, admitted.card.batch)
    media = parse_accept(exchange.headers.get("accept")).json
    if media is None:
        raise Problem.NOT_ACCEPTABLE.refusal(f"Accept {GRAPHQL} or {JSON}; a batch is not answered as {EVENTS}.")
    answers = await admitted.run(_answer_batch(admitted, batch))
    if exchange.room.is_crowded:
        await exchange.wait_for_room([each.body() for each in answers])
    with measure_encoding(exchange):
        body = b"[" + b",".join(map(encode, answers)) + b"]"
    headers = apply_heads(exchange, answers)
    with exchange.room.holding(len(body)):
        await exchange.respond(200, body, CONTENT_TYPES[media], headers)


def _check_batch(batch: Sequence[Any], max_operations: int | None) -> None:
    """Raise Refused for an array that is empty or too long; `max_operations` is None where arrays are refused."""
    if max_operations is None:
        raise Problem.BATCHING_DISABLED.refusal(
            "Batched requests are not enabled; send one JSON object in each request."
        )
    if not batch:
        raise Problem.BAD_REQUEST.refusal("The batch is empty; send an array with a JSON object for each operation.")
    if len(batch) > max_operations:
        raise Problem.BATCH_TOO_LARGE.refusal(
            f"The batch has {len(batch)} operations; at most {max_operations} are allowed."
        )


async def _answer_batch(admitted: Admitted, batch: Sequence[Any]) -> list[Answer]:
    """One answer per element; if this is cancelled, every operation is cancelled."""
    return await asyncio.gather(*(_answer_element(admitted, each) for each in batch))


async def _answer_element(admitted: Admitted, data: Any) -> Answer:
    """The answer of one element; one that is not a GraphQL request gets its own refusal."""
    exchange = admitted.exchange
    try:
        request = read_map(data).to_request(
            admitted.card.name,
            exchange.headers,
            exchange.client,
            instead_of_events=_NOT_IN_A_BATCH,
            asgi_scope=exchange.scope,
        )
    except Refused as refusal:
        return refusal.answer()
    try:
        answer = await admitted.answer_detached(request)
    except Exception:
        log.exception("batch_failed", request_id=exchange.request_id)
        return make_internal_error(exchange.request_id).answer()
    if isinstance(answer, Answer):
        return answer
    await (answer.more if isinstance(answer, Parts) else answer).aclose()
    return _NOT_IN_A_BATCH
