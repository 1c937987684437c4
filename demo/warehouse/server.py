"""The warehouse's SOAP service: document/literal, with faults, refusing DTDs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lxml import etree
from lxml.builder import ElementMaker

from demo.control import Control
from demo.data import Data
from demo.http import Asked, HttpServer, Told

WSDL = Path(__file__).with_name("warehouse.wsdl")
_SOAP, _TYPES = "http://schemas.xmlsoap.org/soap/envelope/", "urn:shop:warehouse:types"
_XML = "text/xml; charset=utf-8"
_envelope = ElementMaker(namespace=_SOAP, nsmap={"soap": _SOAP})
_types = ElementMaker(namespace=_TYPES, nsmap={None: _TYPES})


def server(data: Data, control: Control) -> HttpServer:
    """The warehouse, ready to start."""
    return HttpServer(_Warehouse(data).answer, control, _name)


def _name(asked: Asked) -> tuple[str, int | None]:
    action = asked.headers.get("soapaction", "").strip('"').rpartition(":")[2]
    return action or f"{asked.method} {asked.path}", None


class _Warehouse:
    def __init__(self, data: Data) -> None:
        self._products = {product.sku: product for product in data.products}

    async def answer(self, asked: Asked) -> Told:
        if asked.method in {"GET", "HEAD"}:
            return Told(200, WSDL.read_bytes(), _XML)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            document = etree.fromstring(asked.body, parser)
        except etree.XMLSyntaxError:
            return _fault("Client", "this is not XML")
        if asked.body.lstrip()[:2000].find(b"<!DOCTYPE") >= 0:
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

    def _stock(self, sku: str) -> Told:
        product = self._products.get(sku)
        if product is None:
            return _fault("Client", f"no item {sku}", _types.UnknownSku(_types.sku(sku)))
        parts = [_types.Quantity(str(product.quantity)), _types.Location(product.location)]
        if product.next_delivery is not None:
            parts.append(_types.NextDelivery(product.next_delivery.isoformat()))
        return _told(_types.GetStockResponse(*parts))

    def _warehouses(self) -> Told:
        count = Counter(product.location for product in self._products.values())
        return _told(
            _types.GetWarehousesResponse(
                *(_types.Warehouse(_types.Location(name), _types.Items(str(items))) for name, items in count.items())
            )
        )


def _told(element: etree._Element, status: int = 200) -> Told:
    message = _envelope.Envelope(_envelope.Body(element))
    return Told(status, etree.tostring(message, xml_declaration=True, encoding="UTF-8"), _XML)


def _fault(code: str, text: str, detail: etree._Element | None = None) -> Told:
    """A SOAP 1.1 fault, which travels with status 500 (SOAP 1.1 section 6.2)."""
    plain = ElementMaker()
    parts = [plain.faultcode(f"soap:{code}"), plain.faultstring(text)]
    if detail is not None:
        parts.append(plain.detail(detail))
    return _told(_envelope.Fault(*parts), 500)
