"""From an HTTP response to a Reply or an UpstreamError. Used by the SOAP connector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lxml.etree import _Element

from connectors.aio.threads import run_in_thread
from connectors.contract import Operation, Reply
from connectors.error_kinds import BY_STATUS
from connectors.error_reply import MAX_BODY
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge
from connectors.forms import Form, Unfit
from connectors.messages.charset import UnknownCharset, find_charset
from connectors.messages.charset_xml import convert_to_utf8, mend_xml
from connectors.messages.json_mending import Mended
from connectors.reports import report_loss
from connectors.soap.decode.anything import collect_elements, decode_anything
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
from connectors.soap.typed_decode.odd_names import collect_losses, report_losses
from connectors.transport import HttpReply
from connectors.transport.status import error_for_status

_MAY_BE_FAULTS = (400, 500)
"""The statuses of faults (SOAP 1.1 section 6.2, SOAP 1.2 part 2 section 7.5.2.2); others say more themselves."""
_MAY_BE_EMPTY = (202, 204)


async def make_reply(
    operation: Operation,
    method: Method,
    response: HttpReply,
    secrets: Iterable[str],
    bounds: Bounds,
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
            envelope = await run_in_thread(_parse_envelope, operation, response, bounds)
        else:
            envelope = _parse_envelope(operation, response, bounds)
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
    header = _decode_header(method, envelope)
    if envelope.mended is not None:
        header = envelope.mended.place_errors(dict(header), partial(UpstreamBadReply, operation))
    decode = _BodyDecoder(operation, method, _describe_response(response), envelope.content, envelope.mended)
    is_slow = is_large(envelope.content)
    return Reply(
        envelope.body,
        decode=_LargeDecoder(decode) if is_slow else decode,
        status=response.status,
        headers=response.headers,
        fit=None if is_slow or method.fill_form is None or envelope.mended is not None else decode.fit,
        header=header,
    )


def _find_fault_in(
    operation: Operation, response: HttpReply, failure: UpstreamError, secrets: Iterable[str], bounds: Bounds
) -> UpstreamError:
    """The error of a status that is not one of faults, with the fault that came with it where there is one.

    The status says more than the fault where it has a class of its own, such as 401 and 503.
    """
    if not 0 < len(response.body) <= MAX_BODY or b"<" not in response.body[:100]:
        return failure
    try:
        envelope = _parse_envelope(operation, response, bounds)
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


class _BodyDecoder:
    """Decodes the Body of a reply as plain Python, or as the records of a form, and reports what both leave out."""

    __slots__ = ("_content", "_is_odd", "_mended", "_method", "_operation", "_received")

    def __init__(
        self, operation: Operation, method: Method, received: str, content: bytes, mended: Mended | None = None
    ) -> None:
        self._operation = operation
        self._method = method
        self._received = received
        self._content = content
        self._is_odd = False
        self._mended = mended

    def __call__(self, body: _Element) -> Any:
        """Decode as plain Python. Raises UpstreamBadReply."""
        try:
            with collect_losses() as losses:
                value = self._method.decode(resolve_references(body))
        except Undecodable as error:
            detail = f"expected a SOAP reply, got {self._received}: {error}"
            raise UpstreamBadReply(self._operation, detail) from error
        except RecursionError as error:
            raise UpstreamBadReply(self._operation, f"got {self._received}, which is nested too deeply") from error
        if losses:
            report_losses(self._operation, losses)
        if self._is_odd and self._method.odd_names is not None:
            self._method.odd_names.learn(self._content, losses)
        if self._mended is not None:
            return self._mended.place_errors(value, partial(UpstreamBadReply, self._operation))
        return value

    def fit(self, form: Form, body: _Element, at: tuple[str, ...]) -> Any:
        """Fill a form. Raises Unfit."""
        method = self._method
        if method.fill_form is None or method.odd_names is None:
            raise Unfit
        value = method.fill_form(form, body, at)
        try:
            losses = method.odd_names.find_losses(self._content)
        except Unfit:
            self._is_odd = True
            raise
        if losses:
            report_losses(self._operation, losses)
        return value


def _parse_envelope(operation: Operation, response: HttpReply, bounds: Bounds) -> Envelope:
    content_type = response.headers.get("content-type", "")
    if not is_multipart(content_type):
        content = convert_to_utf8(response.body, content_type)
        check_values(content, bounds.values)
        try:
            return open_envelope(_parse_root(content, content_type), content)
        except MalformedEnvelope:
            mended = mend_xml(content) if _is_charset_known(content_type) else None
            if mended is None:
                raise
        return _open_mended(content, mended)
    content, attachments, root_id, root_type = split_parts(response.body, content_type)
    content = convert_to_utf8(content, root_type)
    check_values(content, bounds.values)
    root = _parse_root(content, root_type)
    used = include_attachments(root, attachments, bounds.size)
    if attachments.keys() - used - {root_id}:
        report_loss(operation, "attachment", 1, "an attachment that nothing refers to")
    return open_envelope(root, content)


def _open_mended(content: bytes, mended: Mended) -> Envelope:
    """The envelope of XML with marks. A fault has U+FFFD instead: only its words are read."""
    envelope = open_envelope(parse_xml(mended.body), content)
    if find_fault(envelope.body, envelope.namespace) is None:
        return replace(envelope, mended=mended)
    return open_envelope(parse_xml(mended.write_replacements()), content)


def _parse_root(content: bytes, content_type: str) -> _Element:
    """As `parse_xml`; an unknown charset is named where it may be the reason."""
    try:
        return parse_xml(content)
    except MalformedEnvelope:
        try:
            find_charset(content_type)
        except UnknownCharset as error:
            raise MalformedEnvelope(str(error)) from None
        raise


def _is_charset_known(content_type: str) -> bool:
    try:
        find_charset(content_type)
    except UnknownCharset:
        return False
    return True


def _decode_header(method: Method, envelope: Envelope) -> Mapping[str, Any]:
    """The elements of the Header by name."""
    if envelope.header is None or not len(envelope.header):
        return {}
    return collect_elements(envelope.header, partial(_decode_loosely, method))


def _decode_loosely(method: Method, element: _Element) -> Any:
    """An element by its declaration in the WSDL, or else as anything."""
    try:
        return method.decode_other(element)
    except Undecodable:
        return decode_anything(element)


def _describe_response(response: HttpReply) -> str:
    kind = response.headers.get("content-type", "no content type").partition(";")[0][:80]
    return f"{len(response.body)} bytes of {kind} with HTTP {response.status}"
