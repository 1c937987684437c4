"""GET: one query in the URL (GraphQL over HTTP, `GET`). Mutations are refused; responses may be cached."""

from __future__ import annotations

from bff.contract import FrontendCard
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
