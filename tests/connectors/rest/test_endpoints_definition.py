"""From what an author wrote to an endpoint: its batch, its parameters, and the author's mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.endpoint import Batch
from connectors.errors import DefinitionError
from connectors.rest.endpoints import rest

catalog = rest("catalog")


def test_many_makes_a_batch() -> None:
    """The form of design: one call or one batch, answers grouped by key."""
    endpoint = catalog.get("/products/{id}", many="/products?id={id}", key="id")
    assert endpoint.batch == Batch(parameter="id", key=("id",), group=False, limit=100)
    assert endpoint.has_single_form


def test_only_many_has_no_single_form() -> None:
    """Even one value is sent as a list; a placeholder of the query is required when it is the batched one."""
    endpoint = catalog.get(many="/reviews?product={product}&sort={sort}", key="product", group=True, limit=20)
    assert not endpoint.has_single_form
    assert endpoint.parameters == {"product": True, "sort": False}
    assert endpoint.batch == Batch(parameter="product", key=("product",), group=True, limit=20)


def test_the_batched_parameter_can_be_chosen() -> None:
    """Where there are several and none is the key."""
    endpoint = catalog.get(many="/stock?sku={sku}&store={store}", key="article", batch="sku")
    assert endpoint.batch is not None
    assert endpoint.batch.parameter == "sku"


def test_parameters_of_body_and_headers_count() -> None:
    """All places of a request are one set of parameters."""
    endpoint = catalog.post(
        "/orders/{shop}", json={"lines": "{lines}", "note": "{note?}"}, headers={"X-Tenant": "{tenant}"}
    )
    assert endpoint.parameters == {"shop": True, "tenant": True, "lines": True, "note": False}


@pytest.mark.parametrize(
    ("define", "hint"),
    [
        (lambda: catalog.get(), "path is missing"),
        (lambda: catalog.get("/a", key="id"), "no many="),
        (lambda: catalog.get("/a", group=True), "no many="),
        (lambda: catalog.get("/a", many_at="items"), "no many="),
        (lambda: catalog.get("/a/{x}", many="/a?id={id}"), "the same name in both"),
        (lambda: catalog.get(many="/a"), "no placeholder"),
        (lambda: catalog.get(many="/a?b={b}&c={c}", key="id"), "batch="),
        (lambda: catalog.get(many="/a?b={b}", batch="c"), "batch="),
        (lambda: catalog.get(many="/a?b={b}", limit=0), "1 or more"),
        (lambda: catalog.get("/a", each=0), "1 or more"),
        (lambda: catalog.get("/a", missing="nul"), "null"),
        (lambda: catalog.post("/a", json={}, text=""), "two bodies"),
        (lambda: catalog.post("/a", json={"x": "{y"}), "no partner"),
        (lambda: catalog.get("/a", headers={"x-a": "{y"}), "no partner"),
    ],
)
def test_mistakes_are_told_with_their_line(define: Callable[[], Any], hint: str) -> None:
    """Place, reason, next step."""
    with pytest.raises(DefinitionError, match=r"test_endpoints_definition\.py:") as caught:
        define()
    assert hint in str(caught.value)
