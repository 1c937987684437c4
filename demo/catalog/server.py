"""The catalog's REST API."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import msgspec

from demo.control import Control
from demo.data import Data, Order, Product
from demo.http import HttpServer, Request, Response, json_response

MAX_ITEMS = 100
_FRESH = "max-age=5"


def server(data: Data, control: Control) -> HttpServer:
    """The catalog, ready to start."""
    return HttpServer(_Catalog(data).answer, control, _describe_request)


def _describe_request(request: Request) -> tuple[str, int | None]:
    first = request.path.strip("/").split("/")
    path = f"/{first[0]}" + ("/{id}" if len(first) > 1 else "")
    ids = len(request.query.get("id", []))
    return f"{request.method} {path}", ids or None


class _Catalog:
    def __init__(self, data: Data) -> None:
        self._products = data.products
        self._by_id = {product.id: product for product in data.products}
        self._skus = {product.sku for product in data.products}
        self._orders = {order.id: order for order in data.orders}
        self._by_key: dict[str, tuple[bytes, Order]] = {}

    async def answer(self, request: Request) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "GET" | "HEAD", ["health" | ""]:
                return json_response({"status": "up"})
            case "GET", ["categories"]:
                count = Counter(product.category for product in self._products)
                return json_response([{"name": name, "count": each} for name, each in count.items()])
            case "GET", ["products"] if "id" in request.query:
                found = [self._by_id[each] for each in request.query["id"] if each in self._by_id]
                return _make_cacheable(request, [_describe_product(product) for product in found])
            case "GET", ["products"]:
                return self._find_page(request)
            case "GET", ["products", id]:
                product = self._by_id.get(id)
                return (
                    _make_cacheable(request, _describe_product(product))
                    if product
                    else json_response({"error": "no such product"}, 404)
                )
            case "GET", ["orders"]:
                customer = request.first_value("customer")
                return json_response(
                    {"items": [order for order in self._orders.values() if order.customer == customer]}
                )
            case "GET", ["orders", id]:
                return (
                    json_response(self._orders[id])
                    if id in self._orders
                    else json_response({"error": "no such order"}, 404)
                )
            case "POST", ["orders"]:
                return self._place_order(request)
        return json_response({"error": "not found"}, 404)

    def _find_page(self, request: Request) -> Response:
        text = (request.first_value("search") or "").lower()
        category, brand = request.first_value("category"), request.first_value("brand")
        found = [
            product
            for product in self._products
            if (category is None or product.category == category)
            and (brand is None or product.brand == brand)
            and text in product.title.lower()
        ]
        match request.first_value("sort"):
            case "title":
                found.sort(key=lambda product: product.title)
            case "-created":
                found.sort(key=lambda product: product.created, reverse=True)
        try:
            limit = min(max(int(request.first_value("limit") or 20), 1), MAX_ITEMS)
            offset = max(int(request.first_value("offset") or 0), 0)
        except ValueError:
            return json_response({"error": "limit and offset are numbers"}, 400)
        page = found[offset : offset + limit]
        following = None
        if offset + limit < len(found):
            kept = {name: values[0] for name, values in request.query.items() if name not in {"offset", "limit"}}
            following = f"/products?{urlencode({**kept, 'limit': limit, 'offset': offset + limit})}"
        content = {"items": [_describe_product(product) for product in page], "total": len(found), "next": following}
        return _make_cacheable(request, content, {"link": f'<{following}>; rel="next"'} if following else {})

    def _place_order(self, request: Request) -> Response:
        """Orders with the same Idempotency-Key are one order."""
        key = request.headers.get("idempotency-key")
        if key and key in self._by_key:
            body, order = self._by_key[key]
            return (
                json_response(order, 201)
                if body == request.body
                else json_response({"error": "this key had another order"}, 409)
            )
        try:
            wanted = msgspec.json.decode(request.body)
            lines: list[dict[str, str | int]] = [
                {"sku": str(line["sku"]), "quantity": int(line["quantity"])} for line in wanted["lines"]
            ]
            customer = str(wanted["customer"])
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            return json_response({"error": "an order has a customer and lines of sku and quantity"}, 422)
        if not lines or any(line["sku"] not in self._skus or int(line["quantity"]) < 1 for line in lines):
            return json_response({"error": "an order needs lines of known products"}, 422)
        order = Order(f"o-{len(self._orders) + 1:04}", customer, "PLACED", lines, "2026-11-01")
        self._orders[order.id] = order
        if key:
            self._by_key[key] = (request.body, order)
        return json_response(order, 201, location=f"/orders/{order.id}")


def _describe_product(product: Product) -> dict[str, Any]:
    names = ("id", "sku", "title", "description", "category", "brand", "tags", "image", "weight", "created")
    return {name: getattr(product, name) for name in names}


def _make_cacheable(request: Request, value: Any, headers: dict[str, str] | None = None) -> Response:
    """A response that clients may cache briefly and revalidate by its ETag."""
    body = msgspec.json.encode(value)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    about = {"etag": etag, "cache-control": _FRESH, **(headers or {})}
    if request.headers.get("if-none-match") == etag:
        return Response(304, b"", headers=about)
    return Response(200, body, headers=about)
