"""POST with application/json: one operation, or a batch of them as a JSON array (GraphQL over HTTP, `POST`)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from bff.contract import FrontendCard, Problem
from bff.http.asgi import Exchange
from bff.http.guards.disconnect import while_connected
from bff.http.requests.body import read_body, take_whole_body
from bff.http.requests.params import Params, check_media_type, read_json
from bff.http.responses.negotiate import EVENTS, GRAPHQL, JSON, parse_accept
from bff.http.responses.server_timing import measure_encoding
from bff.http.transports.batch import answer_batch, check_batch, encode_batch
from bff.http.transports.request_response import CONTENT_TYPES, RequestResponse
from bff.http.transports.transport import Admitted


class PostTransport(RequestResponse[Params | list[Any]]):
    """The operation, or each one of a batch, is a JSON object."""

    def matches(self, exchange: Exchange) -> bool:
        """Any POST: one of another media type is refused by `check`."""
        return exchange.method == "POST"

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse other media types than JSON in UTF-8."""
        super().check(exchange, card)
        content_type = exchange.headers.get("content-type")
        if content_type != JSON:
            check_media_type(content_type)

    async def read(self, exchange: Exchange, card: FrontendCard) -> Params | list[Any]:
        """The parameters; of a batch the decoded array."""
        max_bytes = self._options.max_body_size
        body = take_whole_body(exchange, max_bytes)
        return read_json(await read_body(exchange, max_bytes, self._timeouts.body) if body is None else body)

    def respond(self, admitted: Admitted, message: Params | list[Any]) -> Awaitable[None]:
        """Answer one operation, or a batch."""
        if isinstance(message, list):
            return _respond_to_batch(admitted, message)
        return self.respond_to_operation(admitted, message)


async def _respond_to_batch(admitted: Admitted, batch: list[Any]) -> None:
    """Send status 200 with an array: each element has its own errors."""
    exchange = admitted.exchange
    check_batch(batch, admitted.card.batch)
    media = parse_accept(exchange.headers.get("accept")).json
    if media is None:
        raise Problem.NOT_ACCEPTABLE.refusal(f"Accept {GRAPHQL} or {JSON}; a batch is not answered as {EVENTS}.")
    answers = await while_connected(answer_batch(admitted, batch), exchange)
    with measure_encoding(exchange):
        body = encode_batch(answers)
    await exchange.respond(200, body, CONTENT_TYPES[media])
