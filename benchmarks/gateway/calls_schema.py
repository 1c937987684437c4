"""A hundred products, each with its price over gRPC or its stock over SOAP, in one call each."""

import strawberry

from bff.authoring import frontend, take, via
from connectors import grpc, soap

SKUS = [f"{category}-{number:03}" for category in ("TOY", "BOO") for number in range(1, 51)]
price = grpc("pricing").unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, at="prices", key="sku")
stock = soap("warehouse").call("GetStocks", many={"sku": "{sku}"}, at="Stock", key="sku")


@strawberry.type
class Price:
    """Over gRPC."""

    amount: int
    currency: str
    was: int | None


@strawberry.type
class Stock:
    """Over SOAP."""

    quantity: int = take("Quantity")
    location: str = take("Location")


@strawberry.type
class Product:
    """One of a hundred."""

    sku: str
    price: Price = via(price, sku="sku")
    stock: Stock = via(stock, sku="sku")


PRODUCTS = [Product(sku=sku) for sku in SKUS]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def products(self) -> list[Product]:
        """All."""
        return PRODUCTS


schema = frontend(query=Query)
