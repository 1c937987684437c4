"""From a serialized message to a Reply. Used by the gRPC connector."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from google.protobuf.message import DecodeError, Message

from connectors.aio import cooperative
from connectors.aio.threads import run_in_thread
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.grpc.decode_scan import Scan, TooManyAnys, TooManyValues
from connectors.grpc.schema import Method

LARGE: Final = 100_000
"""Bytes of the largest message that is decoded without a thread: 30 milliseconds where all are empty messages."""
SCANNED: Final = 250_000
"""Bytes of the largest message that is parsed, and forms are filled from, without a scan: 30 milliseconds, too."""
LARGE_TYPED: Final = 1_000_000
"""Bytes of the largest message that forms are filled from without a pause: about 30 milliseconds."""
_MAX_TYPED: Final = 100_000
"""Values of that message."""
_BUDGET: Final = 0.001
"""Seconds of work after which other tasks run."""
_UNDECODABLE = (ValueError, OverflowError, RecursionError, DecodeError)


async def make_reply(
    operation: Operation, method: Method, answer: bytes, headers: Mapping[str, str], max_values: int | None = None
) -> Reply:
    """Make the reply: its message is parsed here, decoded later.

    Raises DecodeError for bytes that are no message, UpstreamReplyTooLarge for a large one of more than `max_values`.
    """
    kind = _DecodeLarge if len(answer) > LARGE else _Decode
    message, is_dense = await _parse(operation, method, answer, max_values)
    fit = method.fill_form if len(answer) <= LARGE_TYPED and not is_dense else None
    return Reply(message, decode=kind(operation, method), headers=headers, fit=fit)


async def _parse(operation: Operation, method: Method, answer: bytes, max_values: int | None) -> tuple[Message, bool]:
    """Parse a message, a large one in pieces, and tell whether it has many values."""
    if len(answer) <= SCANNED or method.scan is None:
        return method.parse(answer), False
    scan = method.scan(answer, max_values if len(answer) > cooperative.LARGE else None)
    await _run_scan(operation, scan)
    message = method.parse(b"")
    for start, end in pairwise(scan.cuts):
        message.MergeFromString(answer[start:end])
        await cooperative.yield_to_loop()
    return message, scan.values > _MAX_TYPED


async def _run_scan(operation: Operation, scan: Scan) -> None:
    since = time.perf_counter()
    try:
        for _ in scan.steps():
            if time.perf_counter() - since > _BUDGET:
                await cooperative.yield_to_loop()
                since = time.perf_counter()
    except TooManyValues as error:
        raise UpstreamReplyTooLarge(operation, f"{error}, which is max_values") from None
    except TooManyAnys as error:
        raise _make_undecodable_error(operation, error) from None


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


async def decode_event(operation: Operation, method: Method, answer: bytes, max_values: int | None = None) -> Any:
    """Decode a message of a stream, a large one in a thread. Raises as `make_reply` and `decode_message`."""
    message, _ = await _parse(operation, method, answer, max_values)
    if len(answer) > LARGE:
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
