"""Secrets of a configuration: wherever bff.yaml holds one, the log knows to hide it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bff.config import find_secrets, load
from tests.bff.config.conftest import Problems

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


UPSTREAM = 'upstreams: {a: {rest: "http://h", %s}}'
MISTAKES = [
    'upstreams: {a: {queue: "nats://h:4222", username: u, password: [planted]}}',
    'upstreams: {a: {queue: "foo://u:planted@h"}}',
    'upstreams: {a: {rest: "http://u:planted@h"}}',
    'upstreams: {a: {websocket: "ws://u:planted@h:port"}}',
    'upstreams: {a: {soap: x.wsdl, endpoint: "http://u:planted@h:port/"}}',
    'upstreams: {a: "http://u:planted@h"}',
    UPSTREAM % 'proxi: "http://u:planted@h"',
    UPSTREAM % '"http://u:planted@h": 1',
    UPSTREAM % 'concurrency: "http://u:planted@h"',
    UPSTREAM % 'forward: ["Bearer planted"]',
    UPSTREAM % 'headers: {"Bearer planted": x}',
    UPSTREAM % 'headers: {authorization: "Bearer planted\\n"}',
    UPSTREAM % "headers: {authorization: [planted]}",
    UPSTREAM % 'headers: "authorization: planted"',
    UPSTREAM % "password: *planted",
    UPSTREAM % "password: !planted x",
    UPSTREAM % 'password: planted"]',
    UPSTREAM % 'timeout: "${PLANTED}", concurrency: "${PLANTED}", cache: "${PLANTED}"',
    "frontends: {w: {schema: s, match: {api_key: {header: x, keys: planted}}}}",
    "frontends: {w: {schema: s, match: {api_key: {header: x, keys: [planted]}}}, v: {schema: s, match: {api_key: {header: x, keys: [planted]}}}}",
    'frontends: {w: {schema: s, documents: {persisted: true, store: "foo://:planted@h/"}}}',
    'frontends: {w: {schema: s, cors: {allow_origins: ["http://u:planted@h/x"]}}}',
    'server: {hosts: ["http://u:planted@h"]}',
    "password: @planted",
]


@pytest.mark.parametrize("text", MISTAKES)
def test_no_mistake_shows_a_secret(problems_of: Problems, text: str) -> None:
    """Neither where the value is wrong, nor where it stands under an unknown key or in a place of other things."""
    told = problems_of(text, PLANTED="planted")
    assert told
    assert "planted" not in "\n".join(told)
