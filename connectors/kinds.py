"""The table of upstream kinds: the key in bff.yaml -> how to make its connector. Used by config and upstreams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from connectors.aio.clock import Clock
from connectors.contract import Connector
from connectors.options import ConnectorOptions

KINDS: tuple[str, ...] = ("rest", "grpc", "soap", "graphql", "websocket", "queue")
"""Each is a package of this one with `options.Options` and `connector.connect`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of upstream."""

    name: str
    options: type[ConnectorOptions]
    connect: Callable[[str, Any, Clock], Connector]
    """`connect(upstream's name, options, clock)` makes a connector without any I/O."""


def load_options(name: str) -> type[ConnectorOptions]:
    """The Options model of a kind, without importing its protocol library."""
    options: type[ConnectorOptions] = import_module(f"connectors.{name}.options").Options
    return options


def load_kind(name: str) -> Kind:
    """Load a kind by name. The protocol's library is imported here and not earlier, so unused kinds cost nothing."""
    connect = import_module(f"connectors.{name}.connector").connect
    return Kind(name=name, options=load_options(name), connect=connect)
