"""The identity providers of bff.yaml: made, opened and closed together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bff.authoring import SchemaError
from bff.identity.options import Provider
from bff.identity.registry import IdentityProviders

JWT = {
    "jwt": {
        "algorithms": ["RS256"],
        "issuers": ["https://issuer.example"],
        "audiences": ["shop"],
        "jwks": {"url": "http://127.0.0.1:9/keys", "prefetch": False},
    }
}


async def test_each_kind() -> None:
    """Under its name; nothing waits for another system."""
    keys = {"api_keys": {"keys": [{"caller": "a", "key": "k" * 20}]}}
    providers = IdentityProviders(
        {"customers": Provider.model_validate(JWT), "partners": Provider.model_validate(keys)}
    )
    assert [(name, each.name) for name, each in providers.by_name.items()] == [
        ("customers", "customers"),
        ("partners", "partners"),
    ]
    await providers.open()
    await providers.close()


def test_mistakes_that_show_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once: a file that is not there, and a package that is not installed."""
    for name in [each for each in sys.modules if each.startswith("joserfc.") or each == "bff.identity.key_source"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "bff.identity.jwt", raising=False)
    monkeypatch.setitem(sys.modules, "joserfc", None)
    options = {
        "customers": Provider.model_validate(JWT),
        "partners": Provider.model_validate({"api_keys": {"file": tmp_path / "none.yaml"}}),
    }
    with pytest.raises(SchemaError) as error:
        IdentityProviders(options)
    first, second = error.value.problems
    assert first.startswith("identity.customers needs the package joserfc; install it with: pip install")
    assert second.startswith("identity.partners: none.yaml cannot be read")
