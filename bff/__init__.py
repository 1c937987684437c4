"""The gateway: one GraphQL schema per frontend, over upstreams of any protocol. Knows no product and no protocol.

`bff.asgi("bff.yaml")` is the gateway as an ASGI application, `bff.connect("bff.yaml")` lets scripts await endpoints.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {"asgi": "bff.embedding", "connect": "bff.app"}
"""Imported when they are used: a schema that imports `bff.authoring` needs no server."""


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
