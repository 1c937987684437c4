"""The library of books.wsdl: operations of every style, and what a call gives for an answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Call
from connectors.endpoint import Endpoint
from connectors.soap.endpoints import soap
from tests.connectors.http_world import HttpWorld
from tests.connectors.soap.world import BOOKS, answered, connected

library = soap("warehouse")
FIND = {"title": "{title}", "limit": "{limit}"}
find = library.call("Find", message=FIND)
find_encoded = library.call("Find", message=FIND, port="EncodedPort")
books = library.call("List", at="books")


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


async def data_of(http: HttpWorld, inside: str, endpoint: Endpoint = find) -> Any:
    """The data of a call that is answered with this inside of a SOAP body."""
    http.answer = lambda _: answered(inside)
    arguments = {"title": "A", "limit": 2} if endpoint.parameters else {}
    async with connected(http, BOOKS) as connector:
        return (await connector.send(Call(operation=endpoint.operation, arguments=arguments))).data
