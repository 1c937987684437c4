"""Notes of `bff check`: what strangers could use, though it is no mistake."""

from __future__ import annotations

import pytest

from bff.config import list_notes
from tests.bff.config.conftest import Load

SMALL = "frontends: {web: {schema: s}}\n"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("mode: production\nserver: {graphiql: true}\n", "server.graphiql: true in production"),
        ("mode: production\nserver: {metrics: true}\n", "server.metrics: true in production"),
        ("mode: production\nserver: {host: 0.0.0.0}\n", "server.hosts: server.host 0.0.0.0"),
        ("mode: development\nserver: {host: 0.0.0.0, hosts: [a.example]}\n", "mode: development"),
        ("server: {trusted_proxies: [0.0.0.0/0]}\n", "server.trusted_proxies: 0.0.0.0/0"),
        ("server: {admin: {host: 0.0.0.0, port: 9}, host: 10.0.0.1, hosts: [a.example]}\n", "server.admin: 0.0.0.0"),
    ],
)
def test_each_risk_is_one_note(load_text: Load, text: str, note: str) -> None:
    """With the key it is about first."""
    (found,) = list_notes(load_text(text + SMALL))
    assert found.startswith(note)


def test_a_frontend_that_shows_its_schema_in_production(load_text: Load) -> None:
    """To all clients, unless it has keys."""
    keys = "match: {api_key: {keys: [k]}}"
    text = f"mode: production\nfrontends: {{web: {{schema: s, introspection: true}}, app: {{schema: t, introspection: true, {keys}}}}}"
    (found,) = list_notes(load_text(text))
    assert found.startswith("frontends.web.introspection: true in production")


@pytest.mark.parametrize(
    "text", ["", "mode: development\n", "server: {host: 0.0.0.0, hosts: [a.example], trusted_proxies: [10.0.0.0/8]}\n"]
)
def test_nothing_is_noted_without_a_risk(load_text: Load, text: str) -> None:
    """Notes that are always there are not read."""
    assert list_notes(load_text(text + SMALL)) == []
