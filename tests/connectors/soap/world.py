"""Envelopes by hand, and connectors to the WSDLs of this folder."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.soap.connector import SoapConnector, connect
from connectors.soap.options import Options
from tests.connectors.http_world import HttpWorld, Received, Say, response

HERE = Path(__file__).parent
WSDL = str(HERE / "warehouse.wsdl")
BOOKS = str(HERE / "books.wsdl")

ENV_11 = "http://schemas.xmlsoap.org/soap/envelope/"
ENV_12 = "http://www.w3.org/2003/05/soap-envelope"
TYPES = "urn:warehouse:types"

STOCK = f'<t:GetStockReply xmlns:t="{TYPES}"><t:Sku>T-1</t:Sku><t:Quantity>7</t:Quantity></t:GetStockReply>'


def envelope(inside: str, namespace: str = ENV_11) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{namespace}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


def answered(inside: str, status: int = 200, namespace: str = ENV_11) -> Say:
    kind = "text/xml" if namespace == ENV_11 else "application/soap+xml"
    return response(envelope(inside, namespace), status, content_type=f"{kind}; charset=utf-8")


def stock(fields: str, attributes: str = "") -> str:
    """A reply to GetStock with these elements after the two required ones."""
    return (
        f'<t:GetStockReply xmlns:t="{TYPES}" {attributes}><t:Sku>T-1</t:Sku><t:Quantity>7</t:Quantity>'
        f"{fields}</t:GetStockReply>"
    )


def sent(request: Received) -> etree._Element:
    """The envelope that was sent."""
    return etree.fromstring(request.body)


def body_of(request: Received) -> etree._Element:
    """The first element in the Body of what was sent."""
    root = sent(request)
    namespace = etree.QName(root).namespace
    return root.find(f"{{{namespace}}}Body")[0]


def texts(element: etree._Element) -> Any:
    """An element as nested lists of (local name, text or children)."""
    return [(etree.QName(child).localname, texts(child) if len(child) else child.text) for child in element]


@asynccontextmanager
async def connected(http: HttpWorld, address: str = WSDL, **options: Any) -> AsyncGenerator[SoapConnector]:
    """A started connector whose calls go to this server."""
    options = {"endpoint": f"http://127.0.0.1:{http.port}/soap", **options}
    connector = connect("warehouse", Options(address=address, **options))
    try:
        await connector.start()
        yield connector
    finally:
        await connector.close()
