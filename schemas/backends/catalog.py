"""The catalog (REST): products, categories and orders."""

from connectors import rest

catalog = rest("catalog")

product = catalog.get("/products/{id}", many="/products?id={id}", key="id", missing="null")
products = catalog.get("/products?category={category}&limit={first}", at="items")
search = catalog.get(
    "/products?category={category}&search={text}&brand={brand}&sort={sort}&limit={first}&offset={offset}"
)
categories = catalog.get("/categories")

orders = catalog.get("/orders?customer={customer}", at="items")
order = catalog.get("/orders/{id}", missing="null")
place_order = catalog.post(
    "/orders",
    json={"customer": "{customer}", "lines": "{lines}"},
    idempotency_key="{key}",  # the catalog answers a repeated key with the first order, so a retry buys nothing twice
)
