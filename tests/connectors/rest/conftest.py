"""A REST upstream to talk to, and endpoints answered by it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from connectors.direct import Direct
from connectors.rest.connector import RestConnector, connect
from connectors.rest.options import Options
from tests.connectors.http_world import HttpWorld, json_response


@pytest.fixture
async def upstream() -> AsyncGenerator[HttpWorld]:
    """Answers `{"ok": true}` until told otherwise."""
    async with HttpWorld(answer=lambda _: json_response({"ok": True})) as http:
        yield http


@pytest.fixture
async def connector(upstream: HttpWorld) -> AsyncGenerator[RestConnector]:
    connector = connect("catalog", Options(address=f"http://127.0.0.1:{upstream.port}/api"))
    yield connector
    await connector.close()


@pytest.fixture
def direct(connector: RestConnector) -> Direct:
    """`async with direct:` and endpoints of `rest("catalog")` are answered by the upstream."""
    return Direct({"catalog": connector})
