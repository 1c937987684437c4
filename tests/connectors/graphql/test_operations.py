"""Operations of calls."""

from __future__ import annotations

import pytest

from connectors.contract import Call, Operation
from connectors.errors import (
    DefinitionError,
)
from tests.connectors.graphql.conftest import Connect


async def test_an_endpoint_of_another_kind_is_refused(connected: Connect) -> None:
    """A name in bff.yaml that says graphql, and a module that says something else."""
    with pytest.raises(DefinitionError, match="was not defined with graphql"):
        await connected().send(Call(operation=Operation(upstream="shop", name="GET /")))
