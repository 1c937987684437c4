"""POST with application/json: one operation, or a batch of them as a JSON array (GraphQL over HTTP, `POST`)."""

from __future__ import annotations

from typing import Any

from bff.contract import FrontendCard
from bff.http.asgi import Exchange
from bff.http.requests.body import read_body, take_whole_body
from bff.http.requests.params import Params, check_media_type, read_json
from bff.http.requests.upload import is_multipart
from bff.http.responses.negotiate import JSON
from bff.http.transports.request_response import RequestResponse
from bff.http.transports.single_connection import TOKEN


class PostTransport(RequestResponse):
    """The operation, or each one of a batch, is a JSON object."""

    def matches(self, exchange: Exchange) -> bool:
        """Any POST but a form with files: `check` refuses other media types."""
        headers = exchange.headers
        return exchange.method == "POST" and (headers.get("content-type") == JSON or not is_multipart(headers))

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse anything but JSON in UTF-8."""
        super().check(exchange, card)
        content_type = exchange.headers.get("content-type")
        if content_type != JSON:
            check_media_type(content_type)

    async def read(self, exchange: Exchange, card: FrontendCard) -> Params | list[Any]:
        """The parameters; of a batch the decoded array."""
        max_bytes = self._options.max_body_size
        body = take_whole_body(exchange, max_bytes)
        return read_json(await read_body(exchange, max_bytes, self._timeouts, self._budget) if body is None else body)


class PlainPostTransport(PostTransport):
    """A POST that could be nothing else, as nearly all are: told from others before any of them is asked."""

    def matches(self, exchange: Exchange) -> bool:
        """JSON, with nothing in the URL and no event stream."""
        headers = exchange.headers
        return (
            headers.get("content-type") == JSON
            and exchange.method == "POST"
            and not exchange.scope["query_string"]
            and TOKEN not in headers
        )

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse a request that accepts none of the media types."""
        RequestResponse.check(self, exchange, card)
