"""What bff.yaml can say about a GraphQL upstream."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.graphql.options import Options


@pytest.mark.parametrize(
    ("address", "websocket"),
    [
        ("http://reviews:4000/graphql", "ws://reviews:4000/graphql"),
        ("https://reviews.example/graphql/?v=2", "wss://reviews.example/graphql/?v=2"),
    ],
)
def test_subscriptions_go_to_the_address(address: str, websocket: str) -> None:
    """Slash and query included, because they may matter."""
    assert Options(address=address).address == address
    assert Options(address=address).websocket == websocket


def test_subscriptions_can_go_elsewhere() -> None:
    """A host of their own."""
    options = Options(address="http://a/graphql", subscription_url="wss://b/subscriptions")
    assert options.websocket == "wss://b/subscriptions"


@pytest.mark.parametrize(
    ("options", "protocol", "websocket", "event_stream", "uses_event_streams"),
    [
        ({}, "auto", "ws://a/graphql", "http://a/graphql", False),
        ({"subscriptions": "ws://b/s"}, "auto", "ws://b/s", "http://b/s", False),
        ({"subscriptions": "https://b/s"}, "auto", "wss://b/s", "https://b/s", True),
        ({"subscriptions": "sse"}, "sse", "ws://a/graphql", "http://a/graphql", True),
        ({"subscriptions": "sse", "subscription_url": "wss://b/s"}, "sse", "wss://b/s", "https://b/s", True),
        ({"subscriptions": "graphql-ws"}, "graphql-ws", "ws://a/graphql", "http://a/graphql", False),
    ],
)
def test_subscriptions_have_a_protocol_and_a_url(
    options: dict[str, str], protocol: str, websocket: str, event_stream: str, uses_event_streams: bool
) -> None:
    """A URL may stand under either name, and its scheme says what is there."""
    made = Options.model_validate({"address": "http://a/graphql", **options})
    assert (made.subscriptions, made.websocket, made.event_stream) == (protocol, websocket, event_stream)
    assert made.uses_event_streams is uses_event_streams


def test_the_schema_file_is_beside_bff_yaml() -> None:
    """As all paths in it."""
    options = Options.model_validate({"address": "http://a/", "schema": "shop.graphql"}, context={"folder": "/etc/bff"})
    assert options.schema_file == Path("/etc/bff/shop.graphql")


@pytest.mark.parametrize(
    "address", ["reviews:4000", "ftp://a/", "http://", "http://u:secret@a/", "http://a/#x", "http://a b/"]
)
def test_an_address_that_cannot_be_is_refused(address: str) -> None:
    """Without repeating it: it may hold a password."""
    with pytest.raises(ValidationError) as caught:
        Options(address=address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://a/", "a", "ws://u:secret@a/", "https://u:secret@a/"])
def test_a_websocket_address_that_cannot_be_is_refused(url: str) -> None:
    """As above."""
    with pytest.raises(ValidationError) as caught:
        Options(address="http://a/", subscription_url=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(True, "request"), ("true", "request"), (False, False), ("false", False), ("process", "process")],
)
def test_merging_has_a_scope(written: object, meant: object) -> None:
    """True and false stay readable; the default is the operation of one caller."""
    assert Options.model_validate({"address": "http://a/", "merge": written}).merge == meant
    assert Options(address="http://a/").merge == "request"
    with pytest.raises(ValidationError, match="merge"):
        Options.model_validate({"address": "http://a/", "merge": "all"})
