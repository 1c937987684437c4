"""Messages of NATS to ours and back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connectors.queue.brokers import Message
from connectors.queue.brokers.nats_messages import decode_message, encode_headers, make_consumer_name


def test_what_nats_has_no_field_for_travels_in_headers() -> None:
    """And comes back in its own field."""
    sent = Message(topic="a", body=b"1", key="k", correlation_id="c", content_type="text/plain", headers={"x": "y"})
    arrived = SimpleNamespace(subject="a", data=b"1", reply="inbox", headers=encode_headers(sent))
    got = decode_message(arrived)
    assert (got.topic, got.body, got.key, got.correlation_id) == ("a", b"1", "k", "c")
    assert (got.content_type, got.headers, got.reply_to) == ("text/plain", {"x": "y"}, "inbox")


def test_a_message_of_another_program() -> None:
    """Without headers, and with names in capitals."""
    bare = decode_message(SimpleNamespace(subject="a", data=b"", reply="", headers=None))
    assert (bare.content_type, bare.headers, bare.reply_to, bare.key) == ("application/json", {}, None, None)
    assert decode_message(SimpleNamespace(subject="a", data=b"", reply="", headers={"Trace": "t"})).headers == {
        "trace": "t"
    }


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("orders.placed", "mailer-orders_placed"),
        ("orders.*.x", "mailer-orders_ANY_x"),
        ("orders.>", "mailer-orders_ALL"),
    ],
)
def test_names_of_consumers(topic: str, name: str) -> None:
    """JetStream takes no dots and no wildcards in them."""
    assert make_consumer_name("mailer", topic) == name
