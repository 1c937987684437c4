"""Endpoints that modules name, and the kind of each."""

from __future__ import annotations

from pathlib import Path

import pytest
import strawberry

from bff.authoring import frontend, via
from bff.checks.sources import Sources
from bff.checks.uses import kind_of, list_endpoints, list_uses
from connectors import grpc, queue, rest

ONE = rest("catalog").get("/a")
OTHERS = {"b": grpc("prices").unary("a.B/C")}


class Named:
    """Holds one."""

    placed = queue("orders").publish("orders")


@strawberry.type
class Query:
    """With a field of its own endpoint."""

    a: int = via(rest("catalog").get("/b"))


def test_endpoints_are_found_in_modules_classes_and_mappings(monkeypatch: pytest.MonkeyPatch) -> None:
    """And those that only a schema uses."""
    monkeypatch.setattr(Sources, "_is_own", lambda _, path: path == Path(__file__))
    schema = frontend(query=Query)
    uses = list_uses([schema._schema])
    assert [use.label for use in uses] == ["Query.a"]
    found = list_endpoints(Sources(Path(__file__).parent), uses)
    assert {each.name: kind_of(each) for each in found} == {
        "catalog: GET /a": "rest",
        "catalog: GET /b": "rest",
        "prices: a.B/C": "grpc",
        "orders: publish orders": "queue",
    }
