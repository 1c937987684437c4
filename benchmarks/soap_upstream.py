"""A SOAP service that tells the stock of many items: run by uvicorn, so that it takes little of its core."""

from __future__ import annotations

import re
from typing import Any

_SKU = re.compile(rb"<(?:\w+:)?sku>([^<]+)<")
_ROW = b"<Stock><sku>%b</sku><Quantity>%d</Quantity><Location>Hall %d</Location></Stock>"
_WHOLE = (
    b'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<GetStocksResponse xmlns="urn:bench">%b</GetStocksResponse></s:Body></s:Envelope>'
)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] != "http":
        return
    asked = b""
    while True:
        message = await receive()
        asked += message.get("body", b"")
        if not message.get("more_body"):
            break
    body = _WHOLE % b"".join(_ROW % (sku, n, n % 7) for n, sku in enumerate(_SKU.findall(asked)))
    headers = [(b"content-type", b"text/xml; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
