"""The catalog's REST API."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import msgspec

from demo.control import Control
from demo.data import Data, Order, Product
from demo.http import Asked, HttpServer, Told, json

MOST_ITEMS = 100
_FRESH = "max-age=5"


def server(data: Data, control: Control) -> HttpServer:
    """The catalog, ready to start."""
    return HttpServer(_Catalog(data).answer, control, _name)


def _name(asked: Asked) -> tuple[str, int | None]:
    first = asked.path.strip("/").split("/")
    path = f"/{first[0]}" + ("/{id}" if len(first) > 1 else "")
    ids = len(asked.query.get("id", []))
    return f"{asked.method} {path}", ids or None


class _Catalog:
    def __init__(self, data: Data) -> None:
        self._products = data.products
        self._by_id = {product.id: product for product in data.products}
        self._skus = {product.sku for product in data.products}
        self._orders = {order.id: order for order in data.orders}
        self._by_key: dict[str, tuple[bytes, Order]] = {}

    async def answer(self, asked: Asked) -> Told:
        match asked.method, asked.path.strip("/").split("/"):
            case "GET" | "HEAD", ["health" | ""]:
                return json({"status": "up"})
            case "GET", ["categories"]:
                count = Counter(product.category for product in self._products)
                return json([{"name": name, "count": each} for name, each in count.items()])
            case "GET", ["products"] if "id" in asked.query:
                found = [self._by_id[each] for each in asked.query["id"] if each in self._by_id]
                return _fresh(asked, [_shown(product) for product in found])
            case "GET", ["products"]:
                return self._page(asked)
            case "GET", ["products", id]:
                product = self._by_id.get(id)
                return _fresh(asked, _shown(product)) if product else json({"error": "no such product"}, 404)
            case "GET", ["orders"]:
                customer = asked.one("customer")
                return json({"items": [order for order in self._orders.values() if order.customer == customer]})
            case "GET", ["orders", id]:
                return json(self._orders[id]) if id in self._orders else json({"error": "no such order"}, 404)
            case "POST", ["orders"]:
                return self._place(asked)
        return json({"error": "not found"}, 404)

    def _page(self, asked: Asked) -> Told:
        text = (asked.one("search") or "").lower()
        category, brand = asked.one("category"), asked.one("brand")
        found = [
            product
            for product in self._products
            if (category is None or product.category == category)
            and (brand is None or product.brand == brand)
            and text in product.title.lower()
        ]
        match asked.one("sort"):
            case "title":
                found.sort(key=lambda product: product.title)
            case "-created":
                found.sort(key=lambda product: product.created, reverse=True)
        try:
            limit = min(max(int(asked.one("limit") or 20), 1), MOST_ITEMS)
            offset = max(int(asked.one("offset") or 0), 0)
        except ValueError:
            return json({"error": "limit and offset are numbers"}, 400)
        page = found[offset : offset + limit]
        following = None
        if offset + limit < len(found):
            kept = {name: values[0] for name, values in asked.query.items() if name not in {"offset", "limit"}}
            following = f"/products?{urlencode({**kept, 'limit': limit, 'offset': offset + limit})}"
        told = {"items": [_shown(product) for product in page], "total": len(found), "next": following}
        return _fresh(asked, told, {"link": f'<{following}>; rel="next"'} if following else {})

    def _place(self, asked: Asked) -> Told:
        """Orders with the same Idempotency-Key are one order."""
        key = asked.headers.get("idempotency-key")
        if key and key in self._by_key:
            body, order = self._by_key[key]
            return json(order, 201) if body == asked.body else json({"error": "this key had another order"}, 409)
        try:
            wanted = msgspec.json.decode(asked.body)
            lines: list[dict[str, str | int]] = [
                {"sku": str(line["sku"]), "quantity": int(line["quantity"])} for line in wanted["lines"]
            ]
            customer = str(wanted["customer"])
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            return json({"error": "an order has a customer and lines of sku and quantity"}, 422)
        if not lines or any(line["sku"] not in self._skus or int(line["quantity"]) < 1 for line in lines):
            return json({"error": "an order needs lines of known products"}, 422)
        order = Order(f"o-{len(self._orders) + 1:04}", customer, "PLACED", lines, "2026-11-01")
        self._orders[order.id] = order
        if key:
            self._by_key[key] = (asked.body, order)
        return json(order, 201, location=f"/orders/{order.id}")


def _shown(product: Product) -> dict[str, Any]:
    names = ("id", "sku", "title", "description", "category", "brand", "tags", "image", "weight", "created")
    return {name: getattr(product, name) for name in names}


def _fresh(asked: Asked, value: Any, headers: dict[str, str] | None = None) -> Told:
    """A response that may be kept for a moment and asked for again by its ETag."""
    body = msgspec.json.encode(value)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    about = {"etag": etag, "cache-control": _FRESH, **(headers or {})}
    if asked.headers.get("if-none-match") == etag:
        return Told(304, b"", headers=about)
    return Told(200, body, headers=about)
