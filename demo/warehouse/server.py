"""The warehouse's SOAP service: document/literal, with faults, refusing DTDs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lxml import etree
from lxml.builder import ElementMaker

from demo.control import Control
from demo.data import Data
from demo.http import HttpServer, Request, Response

WSDL = Path(__file__).with_name("warehouse.wsdl")
_SOAP, _TYPES = "http://schemas.xmlsoap.org/soap/envelope/", "urn:shop:warehouse:types"
_XML = "text/xml; charset=utf-8"
_envelope = ElementMaker(namespace=_SOAP, nsmap={"soap": _SOAP})
_types = ElementMaker(namespace=_TYPES, nsmap={None: _TYPES})


def server(data: Data, control: Control) -> HttpServer:
    """The warehouse, ready to start."""
    return HttpServer(_Warehouse(data).answer, control, _describe_request)


def _describe_request(request: Request) -> tuple[str, int | None]:
    action = request.headers.get("soapaction", "").strip('"').rpartition(":")[2]
    return action or f"{request.method} {request.path}", None


class _Warehouse:
    def __init__(self, data: Data) -> None:
        self._products = {product.sku: product for product in data.products}

    async def answer(self, request: Request) -> Response:
        if request.method in {"GET", "HEAD"}:
            return Response(200, WSDL.read_bytes(), _XML)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            document = etree.fromstring(request.body, parser)
        except etree.XMLSyntaxError:
            return _fault("Client", "this is not XML")
        if request.body.lstrip()[:2000].find(b"<!DOCTYPE") >= 0:
            return _fault("Client", "document types are not allowed")
        body = document.find(f"{{{_SOAP}}}Body")
        if body is None or len(body) != 1:
            return _fault("Client", "this is no SOAP 1.1 message")
        match etree.QName(body[0]).localname:
            case "GetStock":
                return self._stock(body[0].findtext(f"{{{_TYPES}}}sku") or "")
            case "GetWarehouses":
                return self._warehouses()
        return _fault("Client", "there is no such operation")

    def _stock(self, sku: str) -> Response:
        product = self._products.get(sku)
        if product is None:
            return _fault("Client", f"no item {sku}", _types.UnknownSku(_types.sku(sku)))
        parts = [_types.Quantity(str(product.quantity)), _types.Location(product.location)]
        if product.next_delivery is not None:
            parts.append(_types.NextDelivery(product.next_delivery.isoformat()))
        return _wrap_in_envelope(_types.GetStockResponse(*parts))

    def _warehouses(self) -> Response:
        count = Counter(product.location for product in self._products.values())
        return _wrap_in_envelope(
            _types.GetWarehousesResponse(
                *(_types.Warehouse(_types.Location(name), _types.Items(str(items))) for name, items in count.items())
            )
        )


def _wrap_in_envelope(element: etree._Element, status: int = 200) -> Response:
    message = _envelope.Envelope(_envelope.Body(element))
    return Response(status, etree.tostring(message, xml_declaration=True, encoding="UTF-8"), _XML)


def _fault(code: str, text: str, detail: etree._Element | None = None) -> Response:
    """A SOAP 1.1 fault, which travels with status 500 (SOAP 1.1 section 6.2)."""
    plain = ElementMaker()
    parts = [plain.faultcode(f"soap:{code}"), plain.faultstring(text)]
    if detail is not None:
        parts.append(plain.detail(detail))
    return _wrap_in_envelope(_envelope.Fault(*parts), 500)
