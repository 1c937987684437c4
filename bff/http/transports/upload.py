"""POST with multipart/form-data: one operation with files (GraphQL multipart request specification, version 2)."""

from __future__ import annotations

from bff.contract import FrontendCard
from bff.http.asgi import Exchange
from bff.http.requests.params import Params, check_media_type
from bff.http.requests.upload import is_multipart, read_upload
from bff.http.transports.request_response import RequestResponse


class UploadTransport(RequestResponse):
    """The operation is a part of a form; the other parts are its files."""

    def matches(self, exchange: Exchange) -> bool:
        """A POST of a form with files."""
        return exchange.method == "POST" and is_multipart(exchange.headers)

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Refuse files if the frontend takes none."""
        super().check(exchange, card)
        if card.upload is None:
            check_media_type(exchange.headers.get("content-type"))

    async def read(self, exchange: Exchange, card: FrontendCard) -> Params:
        """The parameters with the files in their places; the exchange closes the files."""
        assert card.upload is not None, "check() refuses it"
        return await read_upload(exchange, card.upload, self._options.max_body_size, self._timeouts.clock, self._budget)
