"""Things a test needs that are not this project's: brokers and a browser. CI insists on them, others may skip."""

from __future__ import annotations

import os
import shutil
import socket

import pytest

from bff.http.graphiql.assets import ASSETS

REQUIRED = bool(os.environ.get("BFF_REQUIRE_SERVICES"))


def need_service(name: str, port: int) -> None:
    """Skip unless something listens on this port of this machine; fail instead where services are required."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return
    missing(f"{name} does not run on 127.0.0.1:{port}")


def need_program(*names: str) -> str:
    """The path of the first of these programs that is installed; skip or fail when none is."""
    for name in names:
        if path := shutil.which(name):
            return path
    missing(f"none of {', '.join(names)} is installed")
    raise AssertionError("unreachable")


def need_graphiql() -> None:
    """Skip or fail where GraphiQL's assets are not built."""
    if not (ASSETS / "main.js").exists():
        missing("GraphiQL's assets are not built; `make graphiql` does that where node is")


def missing(reason: str) -> None:
    """Skip with this reason; fail instead where services are required."""
    if REQUIRED:
        pytest.fail(f"{reason}, and BFF_REQUIRE_SERVICES is set")
    pytest.skip(reason)
