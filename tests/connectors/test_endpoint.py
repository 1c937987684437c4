"""Endpoints: their parameters, and who carries out their calls."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import graphql, grpc, queue, rest, soap, websocket
from connectors.contract import Operation
from connectors.direct import Direct
from connectors.endpoint import Batch, Endpoint
from connectors.errors import DefinitionError
from connectors.testing import Fakes

READ = Operation(upstream="catalog", name="products")


def endpoint(*, at: str | None = None, many_at: str | None = None, single: bool = True, **batch: Any) -> Endpoint:
    batching = Batch(**{"parameter": "id", **batch}) if batch else None
    return Endpoint(READ, {"id": True, "lang": False}, at=at, many_at=many_at, batch=batching, has_single_form=single)


async def test_outside_of_a_scope_the_way_in_is_told() -> None:
    """A shell user reads what to write."""
    with pytest.raises(DefinitionError, match="Direct"):
        await endpoint()(id=1)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({"id": 1, "lnag": "de"}, 'did you mean "lang"'),
        ({"id": 1, "zzz": 1}, "it takes id, lang"),
        ({}, 'needs the parameter "id"'),
    ],
)
async def test_wrong_parameters_are_told(arguments: dict[str, Any], hint: str) -> None:
    """With the line where the endpoint was written."""
    async with Direct(Fakes("catalog")):
        with pytest.raises(DefinitionError, match=r"test_endpoint\.py:") as caught:
            await endpoint()(**arguments)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("define", "reason"),
    [
        (lambda: rest("api").get("/a", at="a..b"), "at='a..b' has an empty name"),
        (lambda: rest("api").get(many="/a?id={id}", key="items[].id"), "key='items[].id' goes through a list"),
        (lambda: rest("api").get(many="/a?id={id}", key="id", many_at="[0]"), "many_at='[0]' has a bracket"),
        (lambda: websocket("w").subscribe({"s": "{s}"}, topic="a."), "topic='a.' has an empty name"),
        (lambda: websocket("w").subscribe({"s": "x"}, when={"a[]": 1}), "when='a[]' goes through a list"),
        (lambda: websocket("w").request({"s": "x"}, error="\\"), "has a bracket or backslash out of place"),
        (lambda: queue("q").subscribe("a", where={"a..b": 1}), "where='a..b' has an empty name"),
        (lambda: queue("q").request("a", at=".a"), "at='.a' has an empty name"),
        (lambda: grpc("g").unary("a.B/C", {"id": "{id}"}, at="a]"), "at='a]' has a bracket"),
        (lambda: soap("s").call("Get", at="a.", id="{id}"), "at='a.' has an empty name"),
        (lambda: graphql("g").query("a(id: $id)", key="a..b"), "key='a..b' has an empty name"),
    ],
)
def test_a_path_that_cannot_be_read_is_refused_with_its_line(define: Any, reason: str) -> None:
    """In every kind, where it is defined."""
    with pytest.raises(DefinitionError) as caught:
        define()
    assert "test_endpoint.py:" in str(caught.value)
    assert reason in str(caught.value)
