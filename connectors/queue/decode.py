"""Messages of the broker to Replies and Events. Used by the connector."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.messages.documents import Documents, decode_documents
from connectors.messages.json_slices import Bounds
from connectors.queue.brokers import Message
from connectors.queue.errors import find_failure

_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


async def decode_reply(operation: Operation, answer: Message, *, max_size: int, bounds: Bounds) -> Reply:
    """Decode the answer to a request.

    Raises UpstreamError for a failure that the responder reports, UpstreamReplyTooLarge, and UpstreamBadReply for an
    answer that is no JSON; several documents are a list.
    """
    if len(answer.body) > max_size:
        raise UpstreamReplyTooLarge(operation, f"the answer is larger than max_reply_size, which is {max_size} bytes")
    if answer.headers and (failure := find_failure(operation, answer)) is not None:
        raise failure
    charset = find_charset(answer.content_type)
    found = await decode_documents(answer.body, bounds, max_size, charset, partial(UpstreamBadReply, operation))
    if found.unread:
        raise UpstreamBadReply(operation, found.reason)
    return Reply(found.values[0] if len(found.values) == 1 else found.values, headers=answer.headers)


async def decode_message(operation: Operation, message: Message, *, max_size: int, bounds: Bounds) -> Documents:
    """The documents of a message of a stream: one, in most cases. One without content is null (a tombstone)."""
    if len(message.body) > max_size:
        return Documents([], 1, f"larger than max_reply_size, {max_size} bytes")
    charset = find_charset(message.content_type)
    return await decode_documents(message.body, bounds, max_size, charset, partial(UpstreamBadReply, operation))


def find_charset(content_type: str) -> str:
    """The charset parameter of a content type; empty without one."""
    found = _CHARSET.search(content_type)
    return found[1] if found is not None else ""
