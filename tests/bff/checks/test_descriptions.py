"""Descriptions from files, and from upstreams only with `online`."""

from __future__ import annotations

from pathlib import Path

from tests.bff.checks.projects import CONFIG, find
from tests.bff.checks.test_project import QUERY, one


def test_upstreams_are_asked_only_with_online(tmp_path: Path) -> None:
    """Introspection, reflection, and WSDLs by URL; one that cannot be asked is an error then."""
    config = CONFIG.replace(", schema: reviews.graphql", "").replace("protos: [prices.proto]", "reflection: true")
    config = config.replace("soap: stock.wsdl", 'soap: "http://127.0.0.1:1/?wsdl"')
    schema = QUERY + "    a: int = 1\n"
    assert find(tmp_path, schema, {"bff.yaml": config}) == []
    found = find(tmp_path, schema, {"bff.yaml": config}, online=True)
    assert [(each.line, each.severity, each.code) for each in found] == [(n, "error", "file") for n in (3, 4, 5)]


def test_an_endpoint_that_no_field_uses(tmp_path: Path) -> None:
    """Is checked too: a resolver may call it."""
    unused = 'other = prices.unary("shop.Shop/Fnd")\n' + one('catalog.get("/items/{sku}")')
    (found,) = find(tmp_path, unused)
    assert (found.line, found.code) == (6, "request")
