"""The authoring surface: which endpoint an author gets, and which mistakes he is told."""

from __future__ import annotations

import pytest

from connectors.endpoint import Endpoint
from connectors.rest.endpoints import rest

catalog = rest("catalog")


def test_a_read_is_safe_and_named_after_its_path() -> None:
    """What people see in logs and tests."""
    endpoint = catalog.get("/products/{id}?lang={lang}")
    assert endpoint.name == "catalog: GET /products/{id}"
    assert endpoint.operation.is_safe
    assert endpoint.parameters == {"id": True, "lang": False}


@pytest.mark.parametrize(
    ("endpoint", "is_safe", "is_idempotent"),
    [
        (catalog.head("/a"), True, True),
        (catalog.options("/a"), True, True),
        (catalog.put("/a", json={}), False, True),
        (catalog.delete("/a"), False, True),
        (catalog.post("/a", json={}), False, False),
        (catalog.patch("/a", json={}), False, False),
        (catalog.post("/a", safe=True), True, True),
        (catalog.post("/a", idempotent=True), False, True),
        (catalog.post("/a", idempotency_key="{key}"), False, True),
        (catalog.patch("/a", idempotency_key="{key}"), False, True),
    ],
    ids=lambda value: value.name if isinstance(value, Endpoint) else str(value),
)
def test_methods_know_what_may_be_repeated(endpoint: Endpoint, is_safe: bool, is_idempotent: bool) -> None:
    """RFC 9110 section 9.2, and what the author promises beyond it."""
    assert (endpoint.operation.is_safe, endpoint.operation.is_idempotent) == (is_safe, is_idempotent)
