"""POST with multipart/form-data: one operation with files (GraphQL multipart request specification, version 2)."""

from __future__ import annotations

from collections.abc import Awaitable

from bff.contract import FrontendCard
from bff.http.asgi import Exchange
from bff.http.requests.form_data import is_multipart
from bff.http.requests.params import Params, check_media_type
from bff.http.requests.upload import read_upload
from bff.http.transports.request_response import RequestResponse
from bff.http.transports.transport import Admitted


class UploadTransport(RequestResponse[Params]):
    """The operation is a part of a form, its files are the others."""

    def matches(self, exchange: Exchange) -> bool:
        """A POST of a form with files."""
        return exchange.method == "POST" and is_multipart(exchange.headers)

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse files where the frontend takes none."""
        super().check(exchange, card)
        if card.upload is None:
            check_media_type(exchange.headers.get("content-type"))

    async def read(self, exchange: Exchange, card: FrontendCard) -> Params:
        """The parameters with the files in their places; the exchange closes the files."""
        assert card.upload is not None, "check() refuses it"
        return await read_upload(exchange, card.upload, self._options.max_body_size)

    def respond(self, admitted: Admitted, message: Params) -> Awaitable[None]:
        """Answer the operation."""
        return self.respond_to_operation(admitted, message)
