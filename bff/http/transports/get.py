"""GET and HEAD: one query in the URL (GraphQL over HTTP, `GET`). Mutations are refused; responses may be cached."""

from __future__ import annotations

from dataclasses import replace

from bff.contract import FrontendCard, Problem
from bff.http.asgi import Exchange
from bff.http.requests.params import Params, read_url
from bff.http.transports.request_response import RequestResponse


class GetTransport(RequestResponse):
    """The operation is in the query string."""

    shows_page = True
    no_mutations = True

    def matches(self, exchange: Exchange) -> bool:
        """A GET."""
        return exchange.method == "GET"

    async def read(self, exchange: Exchange, card: FrontendCard) -> Params:
        """The parameters of the query string."""
        return read_url(exchange.scope["query_string"])


class HeadTransport(GetTransport):
    """The same without the content (RFC 9110, section 9.3.2). Only whole responses: a stream has no end to wait for."""

    def matches(self, exchange: Exchange) -> bool:
        """A HEAD."""
        return exchange.method == "HEAD"

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse a request that accepts streams only."""
        super().check(exchange, card)
        accept = exchange.accept
        if accept.json is None:
            raise Problem.NOT_ACCEPTABLE.refusal("HEAD is answered as application/json only, not as a stream.")
        exchange.accept = replace(accept, events=False, increments=None, multipart_events=False)
