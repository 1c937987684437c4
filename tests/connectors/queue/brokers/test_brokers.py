"""The table of schemes: which addresses there are, and what opens them."""

from __future__ import annotations

import sys

import pytest

from connectors.errors import DefinitionError
from connectors.queue.brokers import check_address, open_broker
from tests.connectors.conformance import free_port


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("carrier-pigeon://coop", "memory://, nats://"),
        ("localhost", "memory://, nats://"),
        ("amqp://broker", "does not support amqp:// yet"),
        ("kafka://broker", "it supports memory://, nats://"),
        ("nats://", "write it like nats://host:4222"),
        ("nats://a:4222,nats://b:x", "write it like nats://host:4222"),
        ("nats://me:hunter2@host", "set `username` and `password`"),
    ],
)
def test_addresses_are_refused_with_what_to_write(address: str, words: str) -> None:
    """Without repeating a password."""
    with pytest.raises(ValueError, match=words) as caught:
        check_address(address)
    assert "hunter2" not in str(caught.value)


def test_good_addresses_pass() -> None:
    """One server, several, one without a name."""
    for address in ("memory://", "memory://shop", "nats://host", "nats://a:4222,b:4223", "tls://host:4443"):
        assert check_address(address) == address


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extras are named."""
    for module in list(sys.modules):
        if module.startswith(("nats.", "connectors.queue.brokers.nats")):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(DefinitionError, match=r"pip install 'bff-gateway\[nats\]'"):
        open_broker("nats://127.0.0.1:4222")


async def test_making_a_broker_does_no_io() -> None:
    """Nothing listens there, and nothing is said before it is used."""
    broker = open_broker(f"nats://127.0.0.1:{free_port()}")
    await broker.close()
