"""What bff.yaml can say of a websocket upstream."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.websocket.options import Options


@pytest.mark.parametrize("address", ["http://host", "ws://", "ws://host:99999", "ws://host/#part", "host:80"])
def test_an_address_that_is_no_websocket_is_refused(address: str) -> None:
    """With an example of a right one."""
    with pytest.raises(ValidationError, match="ws://host:8080/path"):
        Options(address=address)


def test_credentials_do_not_belong_into_the_address() -> None:
    """They would be in every error and log line; the message does not repeat them."""
    with pytest.raises(ValidationError, match="set an authorization header in `handshake_headers`"):
        Options(address="wss://me:hunter2@host/")


def test_pauses_and_sizes_are_checked() -> None:
    """Durations have units, a mailbox has room for one."""
    options = Options.model_validate(
        {"address": "ws://h", "reconnect": {"initial_delay": "50ms"}, "idle_timeout": "5m"}
    )
    assert (options.reconnect.initial_delay, options.reconnect.max_delay, options.idle_timeout) == (0.05, 10.0, 300.0)
    with pytest.raises(ValidationError):
        Options.model_validate({"address": "ws://h", "buffer": 0})
    with pytest.raises(ValidationError):
        Options.model_validate({"address": "ws://h", "overflow": "explode"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"ignore": [""]},
        {"ignore": [{}]},
        {"ignore": [{"a..b": 1}]},
        {"login": {}},
        {"login": {"message": {"op": "login"}, "answer": {}}},
        {"ping": {"message": "ping", "interval": 20}},
    ],
)
def test_messages_in_options_are_checked(wrong: dict[str, object]) -> None:
    """Paths, and patterns that would fit every message."""
    with pytest.raises(ValidationError):
        Options.model_validate({"address": "ws://h", **wrong})
