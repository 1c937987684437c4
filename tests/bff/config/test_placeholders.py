"""A file is checked without the variables that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from bff.config import ConfigError, load

TEXT = """\
upstreams:
  catalog: {rest: "${CATALOG_URL}", timeout: "${T}", headers: {authorization: "Bearer ${TOKEN}"}}
  prices: {grpc: "${PRICES}:${PORT}", reflection: true}
  orders: {queue: "${ORDERS}"}
  reviews: {graphql: "http://${HOST}/graphql"}
frontends:
  web:
    schema: web
    match: {api_key: {header: x-key, keys: ["${KEY_A}", "${KEY_B}"]}}
    limits: {max_cost: "${COST}"}
server: {port: "${SERVER_PORT}", host: "${SERVER_HOST}"}
"""


def test_each_option_has_a_value_that_suits_it(tmp_path: Path) -> None:
    """Addresses, durations, numbers and keys; the variables are named, each once."""
    file = tmp_path / "bff.yaml"
    file.write_text(TEXT)
    settings = load(file, {}, has_placeholders=True)
    names = [each.message.split()[3] for each in settings.unset]
    assert names == [
        "CATALOG_URL",
        "T",
        "TOKEN",
        "PRICES",
        "PORT",
        "ORDERS",
        "HOST",
        "KEY_A",
        "KEY_B",
        "COST",
        "SERVER_PORT",
        "SERVER_HOST",
    ]
    assert settings.upstreams["reviews"].connector.address == "http://placeholder-host/graphql"


def test_other_mistakes_stay(tmp_path: Path) -> None:
    """Only what the variables hide is passed over; without placeholders each variable is one error."""
    file = tmp_path / "bff.yaml"
    file.write_text(TEXT.replace("reflection: true", "reflection: 7"))
    with pytest.raises(ConfigError) as raised:
        load(file, {}, has_placeholders=True)
    assert [each.path for each in raised.value.problems] == ["upstreams.prices.reflection"]
    file.write_text(TEXT)
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    messages = [each.message for each in raised.value.problems]
    assert len(messages) == 12
    assert all(each.startswith("the environment variable ") for each in messages)
