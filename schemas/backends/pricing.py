"""Pricing (gRPC): prices of many SKUs in one call, and a stream of changes."""

from connectors import grpc

pricing = grpc("pricing")

price = pricing.unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, at="prices", key="sku")
price_ticks = pricing.stream("shop.Pricing/Watch", {"sku": "{sku}"})
