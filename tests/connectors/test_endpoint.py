"""Endpoints: their parameters, and who carries out their calls."""

from __future__ import annotations

from typing import Any

import pytest

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
