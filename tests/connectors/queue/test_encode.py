"""Arguments of a call to a message for the broker."""

from __future__ import annotations

import pytest

from connectors.contract import Call
from connectors.errors import DefinitionError, UpstreamRejected
from connectors.queue.encode import encode_publication, encode_request
from connectors.queue.endpoints import queue
from connectors.queue.operations import Publish, RequestReply

orders = queue("orders")


def publication(sent: dict[str, str] | None = None, /, **arguments: object) -> Call:
    return Call(operation=orders.publish("orders.placed").operation, arguments=arguments, headers=sent or {})


def test_data_is_published_as_json_and_bytes_as_they_are() -> None:
    """The content type says which."""
    operation = orders.publish("orders.placed").operation
    assert isinstance(operation, Publish)
    data = encode_publication(publication(message={"id": 7}, key="k"), operation)
    assert (data.topic, data.body, data.content_type, data.key) == (
        "orders.placed",
        b'{"id":7}',
        "application/json",
        "k",
    )
    raw = encode_publication(publication(message=b"\x00"), operation)
    assert (raw.body, raw.content_type) == (b"\x00", "application/octet-stream")


def test_headers_of_the_message_come_after_those_of_the_call() -> None:
    """Names are in lower case."""
    operation = orders.publish("orders.placed").operation
    assert isinstance(operation, Publish)
    message = encode_publication(publication({"a": "1", "b": "2"}, message=1, headers={"B": "3"}), operation)
    assert message.headers == {"a": "1", "b": "3"}


def test_a_request_sends_what_is_not_in_the_topic() -> None:
    """Or its template, filled."""
    plain = orders.request("quote.{region}").operation
    shaped = orders.request("quote", {"weight": {"kg": "{kg}"}}).operation
    assert isinstance(plain, RequestReply)
    assert isinstance(shaped, RequestReply)
    message = encode_request(Call(operation=plain, arguments={"region": "eu", "kg": 2}), plain)
    assert (message.topic, message.body) == ("quote.eu", b'{"kg":2}')
    assert encode_request(Call(operation=shaped, arguments={"kg": 2}), shaped).body == b'{"weight":{"kg":2}}'


def test_what_cannot_be_sent() -> None:
    """A topic that is not the author's, and data that is no JSON."""
    operation = orders.request("quote.{region}").operation
    assert isinstance(operation, RequestReply)
    with pytest.raises(UpstreamRejected, match='"region" cannot be in a topic'):
        encode_request(Call(operation=operation, arguments={"region": "eu.>"}), operation)
    with pytest.raises(DefinitionError, match="cannot be written as JSON"):
        encode_request(Call(operation=operation, arguments={"region": "eu", "x": object()}), operation)
