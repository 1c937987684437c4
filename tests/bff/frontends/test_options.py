"""The options of a frontend: what is read, and what is a mistake."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bff.frontends.options import Options


def options(**given: Any) -> Options:
    return Options.model_validate({"schema": "schemas.web", **given})


def test_names_of_headers_and_hosts_are_written_in_any_case() -> None:
    """HTTP does not tell them apart."""
    match = options(
        match={"header": {"X-Client": "Web"}, "host": ["Shop.Example"], "api_key": {"header": "X-Key", "keys": ["K"]}}
    ).match
    assert (match.header, match.host) == ({"x-client": "Web"}, ("shop.example",))
    assert match.api_key is not None
    assert match.api_key.header == "x-key"
    assert [key.get_secret_value() for key in match.api_key.keys] == ["K"]


def test_suggestions_are_as_introspection() -> None:
    """Unless something else is said."""
    assert options().explains
    assert not options(introspection=False).explains
    assert options(introspection=False, suggestions=True).explains
    assert not options(suggestions=False).explains


@pytest.mark.parametrize("header", ["Authorization", "cookie", "proxy-authorization", "X-Api-Key"])
def test_callers_are_never_shared_across(header: str) -> None:
    """What tells who asks tells answers apart."""
    with pytest.raises(ValidationError, match="identifies the caller"):
        options(share_across=[header])


@pytest.mark.parametrize("module", ["", "schemas/web", "schemas.web.py!", "1web", "schemas..web"])
def test_a_schema_is_a_module(module: str) -> None:
    """Written with dots."""
    with pytest.raises(ValidationError):
        options(schema=module)


@pytest.mark.parametrize("match", [{"api_key": {"keys": []}}, {"api_key": {"keys": [""]}}, {"hosts": ["a"]}])
def test_rules_that_fit_nobody(match: dict[str, Any]) -> None:
    """Are mistakes."""
    with pytest.raises(ValidationError):
        options(match=match)


def test_an_api_key_stands_once() -> None:
    """The second would be another caller's, who is taken for the first. The error names places, not keys."""
    with pytest.raises(ValidationError, match="key 3 is the same as key 1") as refused:
        options(match={"api_key": {"keys": ["secret", "other", "secret"]}})
    assert "secret" not in refused.value.errors()[0]["msg"]
