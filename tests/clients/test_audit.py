"""The audit suite of GraphQL over HTTP (npm graphql-http) against a running gateway."""

from __future__ import annotations

from collections import Counter

from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.frontends.world import app
from tests.clients.node import node
from tests.serving import serving

AUDITS = 61


async def test_all_audits_pass_without_a_warning() -> None:
    """`ok` is what the suite calls passed; `notice` would be optional, `warn` and `error` are not."""
    gateway = app(persisted=True, batch={"max_operations": 5})
    async with serving(http_app(lambda: gateway, Options())) as url:
        results = await node("audit", "audit.mjs", f"{url}/graphql/app")
    counts = Counter(each["status"] for each in results)
    print(f"graphql-http: {dict(counts)}")
    assert [each for each in results if each["status"] != "ok"] == []
    assert counts["ok"] >= AUDITS
