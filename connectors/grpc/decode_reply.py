"""From a serialized message to a Reply. Used by the gRPC connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import DecodeError, Message

from connectors.aio import cooperative
from connectors.aio.threads import run_in_thread
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply
from connectors.grpc.schema import Method

LARGE_TYPED: Final = 1_000_000
"""Bytes of the largest message that forms are filled from without a pause: about 30 milliseconds."""
_UNDECODABLE = (ValueError, OverflowError, RecursionError, DecodeError)


def make_reply(operation: Operation, method: Method, answer: bytes, headers: Mapping[str, str]) -> Reply:
    """Make the reply: its message is parsed here, decoded later. Raises DecodeError for bytes that are no message."""
    kind = _DecodeLarge if len(answer) > cooperative.LARGE else _Decode
    fit = method.fill_form if len(answer) <= LARGE_TYPED else None
    return Reply(method.parse(answer), decode=kind(operation, method), headers=headers, fit=fit)


class _Decode:
    """Decodes a message: the `decode` of a Reply."""

    __slots__ = ("_method", "_operation")

    def __init__(self, operation: Operation, method: Method) -> None:
        self._operation = operation
        self._method = method

    def __call__(self, message: Message) -> Any:
        return decode_message(self._operation, self._method, message)


class _DecodeLarge(_Decode):
    """The same for a large message."""

    __slots__ = ()

    async def in_slices(self, message: Message) -> Any:
        """Decode in a thread, for Reply.read."""
        return await run_in_thread(decode_message, self._operation, self._method, message)


async def decode_event(operation: Operation, method: Method, answer: bytes) -> Any:
    """Decode a message of a stream, a large one in a thread. Raises DecodeError and as `decode_message`."""
    message = method.parse(answer)
    if len(answer) > cooperative.LARGE:
        return await run_in_thread(decode_message, operation, method, message)
    return decode_message(operation, method, message)


def decode_message(operation: Operation, method: Method, message: Message) -> Any:
    """Decode a message to plain data. Raises UpstreamBadReply where a value in it has no plain form."""
    try:
        return method.decode(message)
    except _UNDECODABLE as error:
        raise _make_undecodable_error(operation, error) from error


def _make_undecodable_error(operation: Operation, error: Exception) -> UpstreamBadReply:
    return UpstreamBadReply(operation, f"the reply has no plain form: {error}")
