"""Secrets of a configuration: wherever bff.yaml holds one, the log knows to hide it."""

from __future__ import annotations

from pathlib import Path

from bff.config import find_secrets, load

CONFIG = """
upstreams:
  catalog: {rest: "http://127.0.0.1:9001", headers: {x-tag: "Token tag-secret"}}
  orders: {queue: "nats://127.0.0.1:4222", username: shop, password: queue-secret}
  warehouse: {soap: "http://127.0.0.1:9003/?wsdl", soap_headers: {Login: {Password: soap-secret, Region: EU}}}
frontends:
  web: {schema: schemas.web, default: true, documents: {persisted: true, store: "redis://:url%20secret@127.0.0.1/"}}
  partner: {schema: schemas.partner, match: {api_key: {header: x-api-key, keys: [key-secret]}}}
"""


def test_every_kind_of_secret_is_found(tmp_path: Path) -> None:
    """And nothing else: hiding an address would make the log useless."""
    (tmp_path / "bff.yaml").write_text(CONFIG)
    found = find_secrets(load(tmp_path / "bff.yaml", {}))
    assert found == {
        "Token tag-secret",
        "tag-secret",
        "queue-secret",
        "redis://:url%20secret@127.0.0.1/",
        "url%20secret",
        "url secret",
        "soap-secret",
        "key-secret",
    }
