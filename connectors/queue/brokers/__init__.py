"""Message brokers behind one contract. The table of schemes is here; each broker is one module."""

from __future__ import annotations

from importlib import import_module
from urllib.parse import urlsplit

from connectors.errors import DefinitionError
from connectors.queue.brokers.contract import Broker, Message, Settings, Subscription

__all__ = ["Broker", "Message", "Settings", "Subscription", "checked_address", "open_broker"]

SCHEMES = {"memory": "memory", "nats": "nats", "tls": "nats"}
"""Scheme of an address -> module of this package with a class `Broker(address, settings)`."""
UNSUPPORTED = ("amqp", "amqps", "kafka", "redis", "rediss", "mqtt", "mqtts")
"""Schemes of brokers that this version does not support."""


def check_address(address: str) -> str:
    """Return the address. Raises ValueError for an unsupported scheme and for an address that contains a password."""
    scheme, colon, rest = address.partition("://")
    known = ", ".join(f"{each}://" for each in SCHEMES)
    if colon and scheme in UNSUPPORTED:
        raise ValueError(f"this version does not support {scheme}:// yet; it supports {known}")
    if not colon or scheme not in SCHEMES:
        raise ValueError(f"is not the address of a broker; write one that begins with {known}")
    for server in rest.split(",") if scheme != "memory" else ():
        _check_server(server)
    return address


def open_broker(address: str, settings: Settings | None = None) -> Broker:
    """Create the broker of this address, without any I/O. Raises DefinitionError when its library is not installed."""
    scheme = check_address(address).partition("://")[0]
    try:
        module = import_module(f"connectors.queue.brokers.{SCHEMES[scheme]}")
    except ModuleNotFoundError as missing:
        extra = SCHEMES[scheme]
        message = f"{scheme}:// needs the package {missing.name}; install it with: pip install 'bff-gateway[{extra}]'"
        raise DefinitionError(message) from missing
    broker: Broker = module.Broker(address, settings or Settings())
    return broker


def _check_server(server: str) -> None:
    """Check one of several servers, `nats://a:4222,nats://b:4222`; only the first needs a scheme."""
    try:
        parts = urlsplit(f"x://{server.rpartition('://')[2]}")
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("is not the address of a broker; write it like nats://host:4222")
    if "@" in parts.netloc:
        raise ValueError("contains a user or password; remove it and set `username` and `password`, or `token`")
