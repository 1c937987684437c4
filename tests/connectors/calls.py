"""Calls of endpoints, as the gateway makes them, and connectors that are closed. For tests of connectors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

from connectors.contract import Call, Connector, Selection
from connectors.endpoint import Endpoint, requested

P = ParamSpec("P")
C = TypeVar("C", bound=Connector)


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
    token = requested.set(selection)
    try:
        return (await endpoint(**arguments)).data
    finally:
        requested.reset(token)


@asynccontextmanager
async def closing_all(connect: Callable[P, C]) -> AsyncGenerator[Callable[P, C]]:
    """`connect`, whose connectors are closed at the end."""
    opened: list[C] = []

    def connect_and_remember(*args: P.args, **kwargs: P.kwargs) -> C:
        opened.append(connect(*args, **kwargs))
        return opened[-1]

    yield connect_and_remember
    for connector in opened:
        await connector.close()
