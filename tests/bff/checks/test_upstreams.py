"""Endpoints of upstreams that bff.yaml does not have so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bff.checks.upstreams import find_wrong_upstreams
from connectors import grpc, rest


def test_a_missing_upstream_and_another_kind() -> None:
    """One line each, with the place of the endpoint."""
    upstreams: Any = {"catalog": SimpleNamespace(kind="rest")}
    good, missing, other = rest("catalog").get("/a"), rest("catlog").get("/a"), grpc("catalog").unary("a.B/C")
    found = find_wrong_upstreams([good, missing, other], upstreams)
    assert found.keys() == {id(missing), id(other)}
    assert found[id(missing)] == f'{missing.place} bff.yaml has no upstream "catlog"; did you mean "catalog"?'
    assert 'this endpoint is grpc; write rest("catalog")' in found[id(other)]
