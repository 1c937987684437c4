"""bff.yaml as settings, and every mistake at once with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bff.config import ConfigError, load
from bff.policies.outbound.options import Breaker, Retry
from tests.bff.config.conftest import Load

DESIGN = """
    upstreams:
      catalog: {rest: "${CATALOG_URL:-http://127.0.0.1:9001}", timeout: 800ms, retry: 2, cache: http, forward: [authorization]}
      pricing: {grpc: "127.0.0.1:9002", reflection: true, breaker: {consecutive_failures: 5, open: 10s}}
      warehouse: {soap: demo/warehouse/warehouse.wsdl, timeout: 2s}
      orders: {queue: "memory://"}          # amqp:// nats:// kafka:// redis:// mqtt://
    frontends:
      mobile: {schema: schemas.mobile, match: {header: {x-client: mobile}}, limits: {max_depth: 8, max_cost: 500, max_calls: 12}}
      web: {schema: schemas.web, default: true}
"""
SMALL = "frontends: {web: {schema: s}}\n"


def test_the_example_of_the_design(load_text: Load, tmp_path: Path) -> None:
    """Every value arrives where it belongs."""
    settings = load_text(DESIGN)
    catalog, pricing = settings.upstreams["catalog"], settings.upstreams["pricing"]
    assert (catalog.name, catalog.kind, catalog.connector.address) == ("catalog", "rest", "http://127.0.0.1:9001")
    assert (catalog.policies.timeout, catalog.policies.retry) == (0.8, Retry(attempts=2))
    assert (catalog.policies.cache, catalog.policies.forward) == ("http", ("authorization",))
    assert (pricing.kind, pricing.policies.breaker) == ("grpc", Breaker(consecutive_failures=5, open=10.0))
    assert [each.kind for each in settings.upstreams.values()] == ["rest", "grpc", "soap", "queue"]
    mobile, web = settings.frontends["mobile"], settings.frontends["web"]
    assert (mobile.schema_module, dict(mobile.match.header)) == ("schemas.mobile", {"x-client": "mobile"})
    assert (mobile.limits.max_depth, mobile.limits.max_cost, mobile.limits.max_calls) == (8, 500, 12)
    assert (mobile.default, web.default) == (False, True)
    assert settings.folder == tmp_path


def test_defaults(load_text: Load) -> None:
    """A frontend is all that must be said."""
    settings = load_text(SMALL)
    assert dict(settings.upstreams) == {}
    assert (settings.server.host, settings.server.port, settings.server.graphiql) == ("127.0.0.1", 8000, True)
    assert (settings.server.max_body_size, settings.server.request_timeout) == (1_000_000, 10.0)
    assert (settings.log.level, settings.log.format) == ("info", "json")


def test_variables_become_what_is_expected(load_text: Load) -> None:
    """Numbers, booleans and durations from the environment; text stays text though it looks like a number."""
    text = (
        SMALL
        + """
server: {port: "${PORT}", graphiql: "${GRAPHIQL}", request_timeout: "${TIMEOUT}", max_body_size: "${SIZE}"}
upstreams:
  shop: {rest: "http://h", retry: "${RETRY}", headers: {x-key: "${KEY}"}}
"""
    )
    settings = load_text(text, PORT="80", GRAPHIQL="false", TIMEOUT="3s", SIZE="2MB", RETRY="4", KEY="123")
    assert (settings.server.port, settings.server.graphiql) == (80, False)
    assert (settings.server.request_timeout, settings.server.max_body_size) == (3.0, 2_000_000)
    policies = settings.upstreams["shop"].policies
    assert policies.retry == Retry(attempts=4)
    assert policies.headers["x-key"].get_secret_value() == "123"


def test_paths_are_relative_to_the_file(load_text: Load, tmp_path: Path) -> None:
    """Wherever the command runs."""
    settings = load_text(SMALL + "server: {tls: {cert: tls/cert.pem, key: /etc/key.pem}}")
    assert settings.server.tls is not None
    assert (settings.server.tls.cert, settings.server.tls.key) == (tmp_path / "tls/cert.pem", Path("/etc/key.pem"))


def test_settings_do_not_show_secrets(load_text: Load) -> None:
    """Not even when they are printed whole."""
    settings = load_text(
        'upstreams: {a: {rest: "http://h", headers: {x-key: "${K}"}}}\n'
        'frontends: {a: {schema: a, match: {api_key: {keys: ["${K}"]}}}}',
        K="s3cret",
    )
    assert "s3cret" not in repr(settings)


def test_a_missing_file(tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(ConfigError, match="there is no such file; name one with --config"):
        load(tmp_path / "none.yaml", {})
    with pytest.raises(ConfigError, match="this is a folder"):
        load(tmp_path, {})
