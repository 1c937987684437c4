"""From a serialized message to a Reply. Used by the gRPC connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import DecodeError, Message

from connectors.aio import cooperative
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply
from connectors.grpc.schema import Method

LARGE_TYPED: Final = 1_000_000
"""Bytes of a message that forms are filled from in one turn: about 30 milliseconds."""
_NO_FORM = (ValueError, OverflowError, RecursionError, DecodeError)


def reply_of(operation: Operation, method: Method, answer: bytes, headers: Mapping[str, str]) -> Reply:
    """The reply, its message parsed and not yet read. Raises DecodeError for bytes that are no message."""
    kind = _ReadLarge if len(answer) > cooperative.LARGE else _Read
    fit = method.fit if len(answer) <= LARGE_TYPED else None
    return Reply(method.parse(answer), decode=kind(operation, method), headers=headers, fit=fit)


class _Read:
    """Reads a message."""

    __slots__ = ("_method", "_operation")

    def __init__(self, operation: Operation, method: Method) -> None:
        self._operation = operation
        self._method = method

    def __call__(self, message: Message) -> Any:
        return plain(self._operation, self._method, message)


class _ReadLarge(_Read):
    """The same for a large message."""

    __slots__ = ()

    async def in_slices(self, message: Message) -> Any:
        """As Reply.read wants it."""
        try:
            return await self._method.read_in_slices(message)
        except _NO_FORM as error:
            raise _no_form(self._operation, error) from error


def plain(operation: Operation, method: Method, message: Message) -> Any:
    """A message as plain data. Raises UpstreamBadReply where something in it has no plain form."""
    try:
        return method.read(message)
    except _NO_FORM as error:
        raise _no_form(operation, error) from error


def _no_form(operation: Operation, error: Exception) -> UpstreamBadReply:
    return UpstreamBadReply(operation, f"the reply has no plain form: {error}")
