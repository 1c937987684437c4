"""Calls of endpoints in the code of resolvers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bff.checks.projects import CONFIG, find
from tests.bff.checks.test_project import QUERY

ENDPOINTS = (
    'it = catalog.get("/items/{sku}", headers={"x-a": "{a?}"})\n'
    'many = catalog.get("/items/{sku}", many="/items?sku={sku}", key="sku")\n'
    'placed = queue("orders").publish("placed/{id}")\n'
)
CONFIG_LINE = '  orders: {queue: "nats://127.0.0.1:1"}\n'
RESOLVER = "    @strawberry.field\n    async def a(self, skus: list[str]) -> int:\n        "


@pytest.mark.parametrize(("code", "expected"), [
    ("await it(sku='1', a='2')", ""),
    ("await it(**{'sku': '1'})", ""),
    ("await placed({}, id='1', key='k', headers={})", ""),
    ("await many(sku=skus)", ""),
    ("[await many(sku=sku) for sku in skus]", ""),
    ("[await it(sku='1') for _ in skus]", ""),
    ("await it()", 'needs the parameter "sku"'),
    ("await it('1')", "takes its parameters by name: sku, a"),
    ("await placed({}, ide='1')", 'has no parameter "ide"; did you mean "id"?'),
    ("[await it(sku=sku) for sku in skus]", "once per round of a loop"),
])  # fmt: skip
def test_calls(code: str, expected: str, tmp_path: Path) -> None:
    """Parameters by name, messages of publish endpoints, and loops."""
    files = {"bff.yaml": projects_with_a_queue()}
    found = find(tmp_path, ENDPOINTS + QUERY + RESOLVER + code + "\n        return 1\n", files)
    assert len(found) == bool(expected), found
    assert expected in "".join(each.text for each in found)


def projects_with_a_queue() -> str:
    """The usual bff.yaml with one more upstream."""
    return CONFIG.replace("frontends:", CONFIG_LINE + "frontends:")
