"""Messages of the broker to Replies and Events. Used by the connector."""

from __future__ import annotations

from connectors.contract import Event, Operation, Reply
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import NotJson, decode_json_in_slices
from connectors.queue.brokers import Message
from connectors.queue.errors import find_failure


async def decode_reply(operation: Operation, answer: Message, *, max_size: int, bounds: Bounds) -> Reply:
    """Decode the answer to a request.

    Raises UpstreamError for a failure that the responder reports, UpstreamReplyTooLarge, and UpstreamBadReply for an
    answer that is no JSON.
    """
    if len(answer.body) > max_size:
        raise UpstreamReplyTooLarge(operation, f"the answer is larger than max_reply_size, which is {max_size} bytes")
    if answer.headers and (failure := find_failure(operation, answer)) is not None:
        raise failure
    try:
        return Reply(await decode_json_in_slices(answer.body, bounds), headers=answer.headers)
    except NotJson as error:
        raise UpstreamBadReply(operation, str(error)) from error


async def decode_event(message: Message, *, max_size: int, bounds: Bounds) -> Event | None:
    """Decode a message of a stream; None for one that is no JSON or too large."""
    if len(message.body) > max_size:
        return None
    try:
        data = await decode_json_in_slices(message.body, bounds)
    except NotJson:
        return None
    return Event(data=data, topic=message.topic, headers=message.headers)
