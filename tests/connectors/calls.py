"""Calls of endpoints, as the gateway makes them. For tests that speak to a connector directly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Call, Selection
from connectors.endpoint import Endpoint, wanted


def call_of(
    endpoint: Endpoint,
    *keys: Any,
    selection: Selection | None = None,
    headers: Mapping[str, str] | None = None,
    **arguments: Any,
) -> Call:
    """A batch of these keys, or a call of one value where there are none."""
    return Call(
        operation=endpoint.operation, keys=keys, arguments=arguments, selection=selection, headers=headers or {}
    )


def leaves(*names: str) -> Selection:
    """A selection of these fields."""
    return Selection(tuple((name, None) for name in names))


async def select(selection: Selection | None, endpoint: Endpoint, **arguments: Any) -> Any:
    """Await an endpoint as the gateway does around a field."""
    token = wanted.set(selection)
    try:
        return (await endpoint(**arguments)).data
    finally:
        wanted.reset(token)
