"""`bff.testing`: how a project's own tests look."""

from __future__ import annotations

from pathlib import Path

import pytest

from bff.testing import testing
from connectors.errors import UpstreamTimeout
from tests.e2e.world import ROOT


async def test_a_screen_is_tested_without_its_upstreams() -> None:
    """Answers are set by path or method, calls are read back."""
    async with testing(ROOT / "bff.yaml", {}) as up:
        up.catalog["/products"] = {"items": [{"id": "p-1", "sku": "T-1", "title": "Kite"}]}
        up.pricing["GetPrices"] = {"prices": [{"sku": "T-1", "amount": 100, "currency": "EUR", "was": 200}]}
        mobile = up.frontend("mobile")
        answer = await mobile.run("{ products(category: TOYS, first: 40) { name onSale price { text } } }")
        assert not answer.errors
        assert answer.data == {"products": [{"name": "Kite", "onSale": True, "price": {"text": "1.00 EUR"}}]}
        assert up.calls == ["catalog: GET /products", "pricing: GetPrices x1"]


async def test_failures_are_set_like_answers() -> None:
    """An error class is raised for the call it is set for."""
    async with testing(ROOT / "bff.yaml", {}) as up:
        up.catalog["/products/{id}"] = UpstreamTimeout
        answer = await up.frontend("web").run('{ product(id: "p-1") { name } }')
        assert answer.errors[0]["extensions"]["code"] == "UPSTREAM_TIMEOUT"


async def test_what_does_not_exist_is_named() -> None:
    """Mistyped upstreams and frontends say what there is."""
    async with testing(ROOT / "bff.yaml", {}) as up:
        with pytest.raises(AttributeError, match="there is catalog"):
            _ = up.catalogue
        with pytest.raises(LookupError, match="there is mobile, web, partner"):
            up.frontend("phone")


async def test_errors_explain_where_the_file_has_no_mode(tmp_path: Path) -> None:
    """A test's author reads what is wrong; strangers do not."""
    text = (ROOT / "bff.yaml").read_text().replace("mode: development", "").replace("demo/", f"{ROOT}/demo/")
    (tmp_path / "bff.yaml").write_text(text)
    async with testing(tmp_path / "bff.yaml", {}) as up:
        answer = await up.frontend("web").run("{ prodct(id: 1) { name } }")
        assert "prodct" in answer.errors[0]["message"]


async def test_variables_that_are_not_set_are_placeholders(tmp_path: Path) -> None:
    """No test needs a secret: not for an address, a header or an API key."""
    text = (ROOT / "bff.yaml").read_text().replace("demo/", f"{ROOT}/demo/")
    text = text.replace(
        "upstreams:", 'upstreams:\n  extra: {rest: "${EXTRA_URL}", headers: {x-key: "${EXTRA_KEY}"}}', 1
    )
    (tmp_path / "bff.yaml").write_text(text)
    async with testing(tmp_path / "bff.yaml", {}) as up:
        up.catalog["/products"] = {"items": []}
        answer = await up.frontend("mobile").run("{ products(category: TOYS, first: 40) { name } }")
        assert answer.data == {"products": []}
