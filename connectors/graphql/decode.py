"""Decode: GraphQL responses as the Reply of each call. Used by `connector`.

Sources: GraphQL over HTTP, section 6; GraphQL specification, section 7. A null that the upstream explains with an error
is replaced by that UpstreamError, at its place in the data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from connectors.aio import cooperative
from connectors.batching import InKeyOrder
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge
from connectors.forms import is_quick_to_fit
from connectors.graphql.encode.document import Piece
from connectors.graphql.encode.fit import restore_names
from connectors.graphql.errors import Problem, create_error, parse_problems
from connectors.graphql.typed_decode import decode_records
from connectors.messages.charset import UnknownCharset, convert_to_utf8
from connectors.messages.json_mending import (
    UNREADABLE,
    Mended,
    decode_with_errors,
    mend_in_thread,
    mend_json,
    parse_with_errors,
)
from connectors.messages.json_numbers import parse_float, parse_json
from connectors.messages.json_slices import Bounds, TooDeep, TooManyValues, decode_in_slices
from connectors.messages.json_text import is_deeper
from connectors.messages.value_kinds import describe_kind
from connectors.reports import report_loss
from connectors.transport import HttpReply
from connectors.transport.status import error_for_status

_GRAPHQL = "application/graphql-response+json"


class _Envelope(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[Any] | None = None


class _LargeEnvelope(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: msgspec.Raw = msgspec.Raw(b"null")


_envelope = msgspec.json.Decoder(_Envelope, float_hook=parse_float)
_large_envelope = msgspec.json.Decoder(_LargeEnvelope)


@dataclass(frozen=True, slots=True)
class Response:
    """A GraphQL response; the values of its root fields are JSON, checked to be well-formed."""

    data: Mapping[str, bytes] | None
    problems: tuple[Problem, ...] = ()
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    error: UpstreamError | None = None
    """The error of the HTTP status; None for a good status."""
    mended: Mended | None = None
    """The JSON that `data` is of, where it has marks instead of values that cannot be read."""

    def create_error(self, operation: Operation) -> UpstreamError:
        """The error of a response without data, for this operation."""
        wait = self.error.retry_after if self.error else None
        return create_error(operation, self.problems, status=self.error, retry_after=wait)


async def decode_http(
    operation: Operation, http: HttpReply, sent: Mapping[str, str], bounds: Bounds, roots: Collection[str]
) -> Response:
    """The GraphQL response in an HTTP response; `sent` are the headers of the call. Raises UpstreamError.

    `roots` are the root fields that were requested.

    Outside of 2xx, only a body of `application/graphql-response+json` is a GraphQL response. Another body may come from
    a proxy: its errors are used, its data is not.
    """
    error = error_for_status(operation, http)
    media = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        body = _convert_body(operation, http.body, http.headers.get("content-type", ""))
        if len(body) > cooperative.LARGE:
            response = await decode_large_body(operation, body, sent, bounds, roots)
        else:
            response = decode_body(operation, body, sent)
    except UpstreamBadReply as unreadable:
        if error is not None:
            raise error from unreadable
        shown = media[:80] or "no content type"
        detail = f"{len(http.body)} bytes of {shown} are not a GraphQL response: {unreadable.detail}"
        raise UpstreamBadReply(operation, detail, upstream_code=str(http.status)) from unreadable
    data = response.data if error is None or media == _GRAPHQL else None
    return Response(data, response.problems, http.status, http.headers, error, response.mended)


def _convert_body(operation: Operation, body: bytes, content_type: str) -> bytes:
    try:
        return convert_to_utf8(body, content_type)
    except UnknownCharset as error:
        raise UpstreamBadReply(operation, str(error)) from error


def decode_body(operation: Operation, body: bytes | msgspec.Raw, sent: Mapping[str, str]) -> Response:
    """The GraphQL response in these bytes. Raises UpstreamBadReply for other bytes."""
    mended: Mended | None = None
    try:
        try:
            envelope = _envelope.decode(body)
        except UNREADABLE:
            mended = mend_json(bytes(body))
            if mended is None:
                raise
            envelope = _envelope.decode(mended.body)
            mended.place_errors(envelope.errors, _shorten)
        problems = parse_problems(envelope.errors, sent)
    except UNREADABLE as error:
        raise UpstreamBadReply(operation, str(error)) from error
    except RecursionError as error:
        raise UpstreamBadReply(operation, "it is nested too deeply") from error
    data = None if envelope.data is None else {name: bytes(value) for name, value in envelope.data.items()}
    if data is None and not problems:
        raise UpstreamBadReply(operation, "it has neither data nor errors")
    return Response(data, problems, mended=mended)


def _shorten(reason: str) -> str:
    """What stands for a text of an error that cannot be read."""
    return "\ufffd"


async def decode_large_body(
    operation: Operation, body: bytes | msgspec.Raw, sent: Mapping[str, str], bounds: Bounds, roots: Collection[str]
) -> Response:
    """As `decode_body`, letting other tasks run; root fields that were not requested are skipped."""
    mended: Mended | None = None
    try:
        try:
            envelope = _large_envelope.decode(body)
        except UNREADABLE:
            mended = await mend_in_thread(bytes(body))
            if mended is None:
                raise
            envelope = _large_envelope.decode(mended.body)
        await cooperative.yield_to_loop()
        errors = await _decode_within(operation, envelope.errors, bounds)
        if mended is not None:
            mended.place_errors(errors, _shorten)
        problems = parse_problems(errors, sent)
        data = None if bytes(envelope.data) == b"null" else _select_roots(bytes(envelope.data), roots)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamBadReply(operation, str(error)) from error
    if data is None and not problems:
        raise UpstreamBadReply(operation, "it has neither data nor errors")
    return Response(data, problems, mended=mended)


def _select_roots(data: bytes, roots: Collection[str]) -> dict[str, bytes]:
    """The JSON of these root fields. A type of their own skips all others, however many there are."""
    fields: list[tuple[str, Any, Any]] = [(f"f{number}", msgspec.Raw, msgspec.Raw()) for number in range(len(roots))]
    names = {f"f{number}": name for number, name in enumerate(roots)}
    found = msgspec.json.decode(data, type=msgspec.defstruct("Roots", fields, rename=names))
    values = {name: bytes(getattr(found, attribute)) for attribute, name in names.items()}
    return {name: value for name, value in values.items() if value}


async def _decode_within(operation: Operation, payload: bytes | msgspec.Raw, bounds: Bounds) -> Any:
    """A large payload as plain Python. Raises UpstreamBadReply, UpstreamReplyTooLarge and what msgspec raises."""
    try:
        return await decode_in_slices(bytes(payload), bounds)
    except TooDeep:
        detail = f"the data has more than {bounds.depth} levels, which is max_depth"
        raise UpstreamBadReply(operation, detail) from None
    except TooManyValues as error:
        raise UpstreamReplyTooLarge(operation, f"{error}, which is max_values") from None


def make_reply(piece: Piece, response: Response, bounds: Bounds) -> Reply | UpstreamError:
    """The Reply of one call from a response with data, or the error of its part.

    Without errors, the payload is the JSON of the root field, or of the list of aliased ones, not decoded yet.
    """
    assert response.data is not None
    operation = piece.operation
    missing = [root for root in piece.roots if root not in response.data]
    if missing:
        return UpstreamBadReply(operation, f"the response's data has no {missing[0]}")
    parts = [response.data[root] for root in piece.roots]
    payload = b"[" + b",".join(parts) + b"]" if piece.has_aliases else parts[0]
    if not response.problems or len(payload) > cooperative.LARGE:
        return _make_deferred_reply(piece, bounds, payload, response)
    try:
        value = _decode_payload(piece, bounds.depth, payload, response.problems, response.mended)
    except UpstreamBadReply as error:
        return error
    return value if isinstance(value, UpstreamError) else Reply(value, status=response.status, headers=response.headers)


async def decode_event(piece: Piece, result: Response, bounds: Bounds) -> Any:
    """An event's data, or the UpstreamError that replaces it: one failed event does not end a subscription."""
    if result.data is None:
        return result.create_error(piece.operation)
    reply = await finish_reply(make_reply(piece, result, bounds), result)
    try:
        return reply if isinstance(reply, UpstreamError) else await reply.read()
    except UpstreamError as error:
        return error


async def finish_reply(reply: Reply | UpstreamError, response: Response) -> Reply | UpstreamError:
    """The same, but the error of its part where a large reply has that instead of data."""
    if not response.problems or isinstance(reply, UpstreamError) or not reply.is_large:
        return reply
    try:
        value = await reply.read()
    except UpstreamError as error:
        return error
    return value if isinstance(value, UpstreamError) else reply


def _make_deferred_reply(piece: Piece, bounds: Bounds, payload: bytes, response: Response) -> Reply:
    """A reply that is decoded when its data is read."""
    kind = _LargeDecoder if len(payload) > cooperative.LARGE else _Decoder
    is_clean = not response.problems and response.mended is None
    is_quick = is_clean and is_quick_to_fit(payload) and not piece.has_other_names
    fit = partial(decode_records, piece, bounds.depth) if is_quick else None
    decode = kind(piece, bounds, response.problems, response.mended)
    return Reply(payload, decode=decode, status=response.status, headers=response.headers, fit=fit)


class _Decoder:
    """Decodes the JSON of one call's part of a response."""

    __slots__ = ("__weakref__", "_bounds", "_mended", "_piece", "_problems")

    def __init__(self, piece: Piece, bounds: Bounds, problems: tuple[Problem, ...], mended: Mended | None) -> None:
        self._piece = piece
        self._bounds = bounds
        self._problems = problems
        self._mended = mended

    def __call__(self, payload: bytes) -> Any:
        """The value of the innermost field as plain Python. Raises UpstreamBadReply."""
        return _decode_payload(self._piece, self._bounds.depth, payload, self._problems, self._mended)


class _LargeDecoder(_Decoder):
    """Decodes much JSON in slices."""

    __slots__ = ()

    async def in_slices(self, payload: bytes) -> Any:
        """As Reply.read wants it."""
        operation, create_error = self._piece.operation, partial(UpstreamBadReply, self._piece.operation)
        try:
            try:
                decoded = await _decode_within(operation, payload, self._bounds)
            except UNREADABLE as error:
                decoded = await decode_with_errors(payload, self._bounds, create_error, error)
        except (*UNREADABLE, RecursionError) as error:
            raise UpstreamBadReply(operation, f"the data cannot be decoded: {error}") from error
        if self._mended is not None:
            decoded = await self._mended.place_in_slices(decoded, create_error)
        return _extract_value(self._piece, decoded, self._problems)


def _decode_payload(
    piece: Piece, max_depth: int, payload: bytes, problems: tuple[Problem, ...] = (), mended: Mended | None = None
) -> Any:
    operation = piece.operation
    _check_depth(operation, max_depth, payload)
    try:
        try:
            decoded = parse_json(payload)  # keeps integers of more than 64 bits
        except UNREADABLE as error:
            decoded = parse_with_errors(payload, partial(UpstreamBadReply, operation), error)
    except (*UNREADABLE, RecursionError) as error:
        raise UpstreamBadReply(operation, f"the data cannot be decoded: {error}") from error
    if mended is not None:
        decoded = mended.place_errors(decoded, partial(UpstreamBadReply, operation))
    return _extract_value(piece, decoded, problems)


def _check_depth(operation: Operation, max_depth: int, payload: bytes) -> None:
    if is_deeper(payload, max_depth):
        raise UpstreamBadReply(operation, f"the data has more than {max_depth} levels, which is max_depth")


def _extract_value(piece: Piece, decoded: Any, problems: tuple[Problem, ...] = ()) -> Any:
    """The value of the innermost field, with its errors in place."""
    operation = piece.operation
    restore = restore_names if piece.has_other_names else _keep_value
    if not piece.has_aliases:
        return restore(_extract_root(operation, decoded, piece.roots[0], piece.operation.field.names[1:], problems))
    below = operation.field.names[1:]
    return InKeyOrder(
        [
            restore(_extract_root(operation, each, root, below, problems))
            for each, root in zip(decoded, piece.roots, strict=True)
        ]
    )


def _keep_value(value: Any) -> Any:
    return value


def _extract_root(
    operation: Operation, value: Any, root: str, below: tuple[str, ...], problems: tuple[Problem, ...]
) -> Any:
    """A root field's value with its errors in place, followed to the innermost field."""
    for problem in problems:
        if problem.path is None or problem.path[:1] == (root,):
            path = problem.path[1:] if problem.path else ()
            value, is_placed = _place_error(value, path, problem.to_upstream_error(operation))
            if not is_placed:
                code = f" with the code {problem.code}" if problem.code else ""
                report_loss(operation, "errors", 1, f"an error{code} beside data, at no field that is null")
    return _follow_path(operation, value, below)


def _place_error(value: Any, path: tuple[str | int, ...], error: UpstreamError) -> tuple[Any, bool]:
    """The value with the error in place of the null at the path, or of the first null on the way (section 6.4.4).

    False if there is none: no response will have the error.
    """
    if value is None:
        return error, True
    if isinstance(value, UpstreamError):
        return value, True
    if not path or not _has_step(value, path[0]):
        return value, False
    value[path[0]], is_placed = _place_error(value[path[0]], path[1:], error)
    return value, is_placed


def _has_step(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and 0 <= step < len(value)
    return isinstance(value, dict) and step in value


def _follow_path(operation: Operation, value: Any, below: tuple[str, ...]) -> Any:
    if not below or value is None or isinstance(value, UpstreamError):
        return value
    if isinstance(value, list):
        return [_follow_path(operation, each, below) for each in value]
    if isinstance(value, dict):
        return _follow_path(operation, value.get(below[0]), below[1:])
    raise UpstreamBadReply(operation, f"expected a record with {below[0]}, got {describe_kind(value)}")
