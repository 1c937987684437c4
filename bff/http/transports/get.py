"""GET: one query in the URL (GraphQL over HTTP, `GET`). Mutations are refused; answers may be cached."""

from __future__ import annotations

from collections.abc import Awaitable

from bff.contract import FrontendCard
from bff.http.asgi import Exchange
from bff.http.requests.params import Params, read_url
from bff.http.transports.request_response import RequestResponse
from bff.http.transports.transport import Admitted


class GetTransport(RequestResponse[Params]):
    """The operation is in the query string."""

    shows_page = True

    def matches(self, exchange: Exchange) -> bool:
        """A GET."""
        return exchange.method == "GET"

    async def read(self, exchange: Exchange, card: FrontendCard) -> Params:
        """The parameters of the query string."""
        return read_url(exchange.scope["query_string"])

    def respond(self, admitted: Admitted, message: Params) -> Awaitable[None]:
        """Answer a query; caches may keep the response."""
        return self.respond_to_operation(admitted, message, no_mutations=True)
