"""Several operations in one POST, as a JSON array: run at the same time, answered in order. Called by graphql."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from bff.contract import Answer, AnswersRequests, Parts, Refused, Request
from bff.http.errors import Problem, internal
from bff.http.requests.params import Params, from_map
from bff.http.responses.encode import encode

NOT_IN_A_BATCH = Problem.SUBSCRIPTION_IN_BATCH.refused(
    "A subscription cannot be part of a batch; send it alone."
).answer()

log = structlog.get_logger("bff.http")


def check_batch(batch: Sequence[Any], most: int | None) -> None:
    """Raise Refused for an array that may not be sent; `most` is None where none may."""
    if most is None:
        raise Problem.BATCHING_DISABLED.refused("Batched requests are not enabled; send one JSON object a request.")
    if not batch:
        raise Problem.BAD_REQUEST.refused("The batch is empty; send an array with a JSON object for each operation.")
    if len(batch) > most:
        raise Problem.BATCH_TOO_LARGE.refused(f"The batch has {len(batch)} operations; at most {most} are allowed.")


async def answer_batch(
    gateway: AnswersRequests, batch: Sequence[Any], request: Callable[[Params], Request]
) -> Sequence[Answer]:
    """One answer per element, a refusal where it is at fault; `request` makes an element's parameters one of ours.

    Cancelling it cancels them all.
    """
    return await asyncio.gather(*(_answer(gateway, each, request) for each in batch))


def encode_batch(answers: Sequence[Answer]) -> bytes:
    """The answers as a JSON array."""
    return b"[" + b",".join(map(encode, answers)) + b"]"


async def _answer(gateway: AnswersRequests, data: Any, request: Callable[[Params], Request]) -> Answer:
    try:
        asked = request(from_map(data))
    except Refused as refusal:
        return refusal.answer()
    try:
        answer = await gateway.answer(asked)
    except Exception:
        request_id = asked.headers.get("x-request-id", "")
        log.exception("batch_failed", request_id=request_id)
        return internal(request_id).answer()
    if isinstance(answer, Answer):
        return answer
    await (answer.more if isinstance(answer, Parts) else answer).aclose()
    return NOT_IN_A_BATCH
