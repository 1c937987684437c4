"""What sending gives, for tests of the connector and of its responses."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.batching import deal
from connectors.contract import Call
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamError
from connectors.graphql.connector import GraphqlConnector
from connectors.graphql.endpoints import graphql
from tests.connectors.calls import call_of

up = graphql("shop")
product = up.query("product(id: $id)", fields="id", types={"id": "ID!"})


async def dealt(connector: GraphqlConnector, endpoint: Endpoint, *keys: Any) -> list[Any]:
    """The data of each key, or the class of its error."""
    answers = deal(endpoint, await connector.send(call_of(endpoint, *keys)), keys)
    return [type(answer) if isinstance(answer, UpstreamError) else answer.data for answer in answers]


async def failure(connector: GraphqlConnector, call: Call | None = None) -> UpstreamError:
    """What sending, or reading the reply, raises."""
    try:
        reply = await connector.send(call or call_of(product, id="p1"))
        return pytest.fail(f"no error, but {reply.data}")
    except UpstreamError as error:
        return error
