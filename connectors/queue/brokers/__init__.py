"""Message brokers behind one protocol. The table of schemes is here; each broker is one file."""

from __future__ import annotations

from importlib import import_module
from urllib.parse import urlsplit

from connectors.errors import DefinitionError
from connectors.queue.brokers.contract import Broker, Handler, Message, Settings, Subscription

__all__ = ["Broker", "Handler", "Message", "Settings", "Subscription", "checked_address", "open_broker"]

SCHEMES = {"memory": "memory", "nats": "nats", "tls": "nats"}
"""Scheme of an address -> module of this package, whose `Broker` takes an address and Settings."""
LATER = ("amqp", "amqps", "kafka", "redis", "rediss", "mqtt", "mqtts")
"""Schemes that people rightly expect and this version does not speak."""


def checked_address(address: str) -> str:
    """The address; raises ValueError when no broker of this version speaks its scheme or it holds a password."""
    scheme, colon, rest = address.partition("://")
    known = ", ".join(f"{each}://" for each in SCHEMES)
    if colon and scheme in LATER:
        raise ValueError(f"this version does not speak {scheme}:// yet; it speaks {known}")
    if not colon or scheme not in SCHEMES:
        raise ValueError(f"is no address of a broker; write one that begins with {known}")
    for server in rest.split(",") if scheme != "memory" else ():
        _check_server(server)
    return address


def open_broker(address: str, settings: Settings | None = None) -> Broker:
    """A broker for this address, without any I/O. Raises DefinitionError when its library is not installed."""
    scheme = checked_address(address).partition("://")[0]
    try:
        module = import_module(f"connectors.queue.brokers.{SCHEMES[scheme]}")
    except ModuleNotFoundError as missing:
        extra = SCHEMES[scheme]
        message = f"{scheme}:// needs the package {missing.name}; install it with: pip install 'bff-gateway[{extra}]'"
        raise DefinitionError(message) from missing
    broker: Broker = module.Broker(address, settings or Settings())
    return broker


def _check_server(server: str) -> None:
    """One of several servers, `nats://a:4222,nats://b:4222`; the scheme may be left out after the first."""
    try:
        parts = urlsplit(f"x://{server.rpartition('://')[2]}")
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("is no address of a broker; write it like nats://host:4222")
    if "@" in parts.netloc:
        raise ValueError("holds a user or password; take it out and set `user` and `password`, or `token`")
