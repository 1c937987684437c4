"""What bff.yaml may say of sharing, and what it may not."""

from __future__ import annotations

import pytest

from tests.bff.config.conftest import Load, Problems

TEXT = """
upstreams:
  shop: {{rest: "http://127.0.0.1:9", forward: [X-Tenant], batch_window: 1ms, max_records: 10, max_depth: 5}}
frontends:
  web:
    schema: schemas.web
    match: {{api_key: {{header: x-key, keys: [k]}}}}
    share_across: [{header}]
"""


def test_sharing_is_on_and_windows_are_off(load_text: Load) -> None:
    """Defaults, and what is said."""
    settings = load_text(TEXT.format(header="User-Agent"))
    web, shop = settings.frontends["web"], settings.upstreams["shop"]
    assert (web.share, web.share_across) == (True, ("user-agent",))
    assert (shop.policies.batch_window, shop.connector.max_records, shop.connector.max_depth) == (0.001, 10, 5)
    plain = load_text("{upstreams: {a: {rest: 'http://127.0.0.1:9'}}, frontends: {web: {schema: s, share: false}}}")
    assert plain.upstreams["a"].policies.batch_window is None
    assert not plain.frontends["web"].share


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Authorization", "authorization identifies the caller; different callers must not share a response"),
        ("cookie", "cookie identifies the caller; different callers must not share a response"),
        ("X-Tenant", "x-tenant is forwarded to shop, so it may change a response; remove it"),
        ("x-key", "x-key holds the caller's credential, so it may change a response; remove it"),
    ],
)
def test_what_changes_answers_is_not_shared_across(problems_of: Problems, header: str, said: str) -> None:
    """Credentials by their names, and whatever an upstream is told of the caller."""
    (problem,) = problems_of(TEXT.format(header=header))
    assert said in problem
    assert problem.startswith("bff.yaml:7:")
