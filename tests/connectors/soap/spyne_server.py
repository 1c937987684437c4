"""A warehouse on spyne. A process of its own, run by test_spyne: spyne's old import hooks disturb every later import."""

from __future__ import annotations

import sys
from decimal import Decimal
from wsgiref.simple_server import WSGIRequestHandler, make_server

from spyne import Application, Array, ComplexModel, Fault, Integer, ServiceBase, Unicode, rpc
from spyne import Decimal as SpyneDecimal
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication


class Stock(ComplexModel):
    sku = Unicode
    quantity = Integer
    weight = SpyneDecimal


class Warehouse(ServiceBase):
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
    application = Application([Warehouse], "urn:spyne", in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
    with make_server("127.0.0.1", 0, WsgiApplication(application), handler_class=Quiet) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
