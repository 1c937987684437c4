"""From an HTTP response to a Reply or an UpstreamError. Used by the SOAP connector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from lxml.etree import _Element

from connectors.aio.threads import run_in_thread
from connectors.contract import Operation, Reply
from connectors.error_kinds import BY_STATUS
from connectors.error_reply import MAX_BODY
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge
from connectors.soap.decode.elements import Undecodable
from connectors.soap.decode.envelope import (
    Envelope,
    MalformedEnvelope,
    TooLarge,
    check_values,
    is_large,
    open_envelope,
    parse_xml,
)
from connectors.soap.decode.multipart import include_attachments, is_multipart, split_parts
from connectors.soap.decode.references import resolve_references
from connectors.soap.errors import find_fault, translate_fault
from connectors.soap.schema import Method
from connectors.transport import HttpReply
from connectors.transport.status import error_for_status

_MAY_BE_FAULTS = (400, 500)
"""The statuses of faults (SOAP 1.1 section 6.2, SOAP 1.2 part 2 section 7.5.2.2); others speak for themselves."""
_MAY_BE_EMPTY = (202, 204)


async def make_reply(
    operation: Operation, method: Method, response: HttpReply, secrets: Iterable[str], bounds: Bounds
) -> Reply:
    """Make the reply; its data is decoded when it is used.

    `secrets` are values that must not come back in an error. Raises UpstreamFault for a fault whatever its status,
    UpstreamBadReply for what is no envelope, and for other statuses what they mean (connectors.transport.status).
    """
    failure = error_for_status(operation, response)
    if failure is not None and response.status not in _MAY_BE_FAULTS:
        raise _find_fault_in(operation, response, failure, secrets, bounds)
    if failure is None and not response.body and (not method.has_output or response.status in _MAY_BE_EMPTY):
        return Reply(None, status=response.status, headers=response.headers)
    try:
        if is_large(response.body):
            envelope = await run_in_thread(_parse_envelope, response, bounds)
        else:
            envelope = _parse_envelope(response, bounds)
    except TooLarge as error:
        raise failure or UpstreamReplyTooLarge(operation, str(error)) from error
    except MalformedEnvelope as error:
        if failure is not None:
            raise failure from error
        detail = f"expected a SOAP reply, got {_describe_response(response)}: {error}"
        raise UpstreamBadReply(operation, detail, upstream_code=str(response.status)) from error
    fault = find_fault(envelope.body, envelope.namespace)
    if fault is not None:
        raise translate_fault(operation, fault, envelope.namespace, response.status, secrets, response.headers)
    if failure is not None:
        raise failure
    decode = partial(_decode_body, operation, method, _describe_response(response))
    if is_large(response.body):
        return Reply(envelope.body, decode=_LargeDecoder(decode), status=response.status, headers=response.headers)
    return Reply(envelope.body, decode=decode, status=response.status, headers=response.headers, fit=method.fill_form)


def _find_fault_in(
    operation: Operation, response: HttpReply, failure: UpstreamError, secrets: Iterable[str], bounds: Bounds
) -> UpstreamError:
    """The error of a status that is not one of faults, with the fault that came with it where there is one.

    The status says more than the fault where it has a class of its own, such as 401 and 503.
    """
    if not 0 < len(response.body) <= MAX_BODY or b"<" not in response.body[:100]:
        return failure
    try:
        envelope = _parse_envelope(response, bounds)
    except (TooLarge, MalformedEnvelope):
        return failure
    fault = find_fault(envelope.body, envelope.namespace)
    if fault is None:
        return failure
    error = translate_fault(operation, fault, envelope.namespace, response.status, secrets, response.headers)
    if response.status < 400 or response.status not in BY_STATUS:
        return error
    failure.reply = error.reply
    return failure


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a reply may hold."""

    size: int
    """Bytes, also of what its attachments make where they are included."""
    values: int | None


class _LargeDecoder:
    """Decodes a large body in a thread. It is never decoded as the records of a form, which would keep the loop."""

    __slots__ = ("_decode",)

    def __init__(self, decode: Callable[[_Element], Any]) -> None:
        self._decode = decode

    def __call__(self, body: _Element) -> Any:
        return self._decode(body)

    async def in_slices(self, body: _Element) -> Any:
        """As Reply.read wants it."""
        return await run_in_thread(self._decode, body)


def _parse_envelope(response: HttpReply, bounds: Bounds) -> Envelope:
    content_type = response.headers.get("content-type", "")
    if not is_multipart(content_type):
        check_values(response.body, bounds.values)
        return open_envelope(parse_xml(response.body))
    content, attachments = split_parts(response.body, content_type)
    check_values(content, bounds.values)
    root = parse_xml(content)
    include_attachments(root, attachments, bounds.size)
    return open_envelope(root)


def _decode_body(operation: Operation, method: Method, received: str, body: _Element) -> Any:
    try:
        return method.decode(resolve_references(body))
    except Undecodable as error:
        raise UpstreamBadReply(operation, f"expected a SOAP reply, got {received}: {error}") from error
    except RecursionError as error:
        raise UpstreamBadReply(operation, f"got {received}, which is nested too deeply") from error


def _describe_response(response: HttpReply) -> str:
    kind = response.headers.get("content-type", "no content type").partition(";")[0][:80]
    return f"{len(response.body)} bytes of {kind} with HTTP {response.status}"
