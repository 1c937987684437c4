"""Messages of the broker to Replies and Events."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamFailed, UpstreamReplyTooLarge
from connectors.messages.json_slices import Bounds
from connectors.queue.brokers import Message
from connectors.queue.brokers.contract import ERROR_HEADER
from connectors.queue.decode import decode_message, decode_reply

OPERATION = Operation(upstream="orders", name="request quote")


def message(body: bytes, **headers: str) -> Message:
    return Message(
        topic="quote.eu", body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


async def test_an_answer_is_a_reply() -> None:
    """With the headers of the message."""
    reply = await decode_reply(OPERATION, message(b'{"price":7}', trace="t"), max_size=100, bounds=Bounds(5))
    assert (reply.data, reply.headers) == ({"price": 7}, {"trace": "t"})


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (message(b'"' + b"x" * 100 + b'"'), UpstreamReplyTooLarge, "max_reply_size, which is 100 bytes"),
        (message(b"null", **{ERROR_HEADER: "NO_STOCK"}), UpstreamFailed, "the responder reports a failure"),
        (message(b"<xml/>"), UpstreamBadReply, "expected JSON"),
        (message(b"[" * 9 + b"]" * 9), UpstreamBadReply, "expected JSON of at most 5 levels"),
    ],
)
async def test_an_answer_that_is_no_reply(answer: Message, error: type[UpstreamError], reason: str) -> None:
    """Each has its error."""
    with pytest.raises(error, match=reason):
        await decode_reply(OPERATION, answer, max_size=100, bounds=Bounds(5))


async def test_the_code_of_a_responder_is_kept_and_bounded() -> None:
    """It is the upstream's, and of any length."""
    with pytest.raises(UpstreamFailed) as caught:
        await decode_reply(OPERATION, message(b"null", **{ERROR_HEADER: "X" * 200}), max_size=100, bounds=Bounds(5))
    assert caught.value.upstream_code == "X" * 64


@pytest.mark.parametrize(
    ("body", "content_type", "values", "unread"),
    [
        (b"[1]", "application/json", [[1]], 0),
        (b"", "application/json", [None], 0),
        (b"null", "application/json", [None], 0),
        (b'{"a":1}\n{"a":2}\n', "application/x-ndjson", [{"a": 1}, {"a": 2}], 0),
        (gzip.compress(b'{"a":1}'), "application/json", [{"a": 1}], 0),
        ('{"a":"\xe9"}'.encode("latin-1"), "application/json; charset=ISO-8859-1", [{"a": "\xe9"}], 0),
        ('{"a":"\xe9"}'.encode("utf-16"), "application/json", [{"a": "\xe9"}], 0),
        (b'{"a":\xe9}', "application/json", [], 1),
        (b'{"a":1}', 'application/json; charset="no-such"', [{"a": 1}], 0),
        (b"<xml/>", "text/xml", [], 1),
        (b'"' + b"x" * 100 + b'"', "application/json", [], 1),
    ],
)
async def test_messages_of_streams(body: bytes, content_type: str, values: list[Any], unread: int) -> None:
    """An empty body is null; several documents are several; what cannot be decoded is counted."""
    arrived = Message(topic="quote.eu", body=body, content_type=content_type)
    found = await decode_message(OPERATION, arrived, max_size=100, bounds=Bounds(5))
    assert (found.values, found.unread, bool(found.reason)) == (values, unread, bool(unread))


async def test_an_answer_of_several_documents_is_a_list() -> None:
    """As NDJSON; and an answer that is packed is unpacked."""
    packed = gzip.compress(b'{"n":1}\n{"n":2}')
    reply = await decode_reply(OPERATION, message(packed), max_size=100, bounds=Bounds(5))
    assert reply.data == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("value", [b'"caf\xe9"', b'"\\ud83d"', b"NaN", b"1e999"])
async def test_a_value_that_cannot_be_read_is_lost_alone(value: bytes) -> None:
    """In messages and in answers."""
    body = b'{"a":%b,"b":1}' % value
    found = await decode_message(OPERATION, message(body), max_size=100, bounds=Bounds(5))
    data = (await decode_reply(OPERATION, message(body), max_size=100, bounds=Bounds(5))).data
    for read in (*found.values, data):
        assert (type(read["a"]), read["b"]) == (UpstreamBadReply, 1)
    assert found.unread == 0
