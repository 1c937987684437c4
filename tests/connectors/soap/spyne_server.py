"""A warehouse on spyne. A process of its own, run by test_spyne: spyne's old import hooks disturb every later import."""

from __future__ import annotations

import sys
from decimal import Decimal
from wsgiref.simple_server import WSGIRequestHandler, make_server

from lxml import etree
from spyne import Application, Array, ByteArray, ComplexModel, Date, Fault, Integer, ServiceBase, Unicode, rpc
from spyne import Decimal as SpyneDecimal
from spyne.model.primitive import AnyXml
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication


class Stock(ComplexModel):
    sku = Unicode
    quantity = Integer
    weight = SpyneDecimal


class Session(ComplexModel):
    token = Unicode


class Item(ComplexModel):
    sku = Unicode


class Perishable(Item):
    until = Date


class Warehouse(ServiceBase):
    __in_header__ = Session
    __out_header__ = Session

    @rpc(Item, _returns=Array(Item))
    def Store(ctx, item):
        ctx.out_header = Session(token=f"seen {ctx.in_header.token}" if ctx.in_header else "none")
        return [item, Item(sku=type(item).__name__)]

    @rpc(ByteArray, _returns=ByteArray)
    def Photo(ctx, photo):
        return [b"".join(photo)[::-1]]

    @rpc(AnyXml, _returns=AnyXml)
    def Raw(ctx, raw):
        return etree.fromstring(f"<got count='{len(raw)}'><inside>{raw[0].text}</inside></got>")

    @rpc(Unicode, _returns=Stock)
    def GetStock(ctx, sku):
        if sku == "none":
            raise Fault("Client.UnknownSku", "no such SKU")
        return Stock(sku=sku, quantity=len(sku), weight=Decimal("1.50"))

    @rpc(Array(Unicode), _returns=Array(Stock))
    def GetStocks(ctx, skus):
        return [Stock(sku=sku, quantity=len(sku)) for sku in reversed(skus)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    application = Application(
        [Warehouse],
        "urn:spyne",
        in_protocol=Soap11(validator="lxml", polymorphic=True),
        out_protocol=Soap11(polymorphic=True),
    )
    with make_server("127.0.0.1", 0, WsgiApplication(application), handler_class=Quiet) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
