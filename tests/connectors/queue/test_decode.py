"""Messages of the broker to Replies and Events."""

from __future__ import annotations

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamFailed, UpstreamReplyTooLarge
from connectors.messages.json_slices import Bounds
from connectors.queue.brokers import Message
from connectors.queue.brokers.contract import ERROR_HEADER
from connectors.queue.decode import decode_event, decode_reply

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


async def test_events() -> None:
    """One that cannot be decoded, or is too large, is None."""
    event = await decode_event(message(b"[1]"), max_size=100, bounds=Bounds(5))
    assert event is not None
    assert (event.data, event.topic) == ([1], "quote.eu")
    assert await decode_event(message(b"<xml/>"), max_size=100, bounds=Bounds(5)) is None
    assert await decode_event(message(b"[1]"), max_size=2, bounds=Bounds(5)) is None
