"""Answers as JSON bytes: fast for the values of GraphQL's own scalars, exact for those of custom scalars."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date, time
from enum import Enum
from typing import Any

import msgspec
import orjson

from bff.contract import Answer, Problem, make_internal_error
from bff.observability.logger import get_logger
from connectors.forms import Record

log = get_logger("bff.http")

_INTERNAL = orjson.dumps(make_internal_error().answer().body())
_INTERNAL_LIST = orjson.dumps(list(make_internal_error().answer().errors))


def encode(answer: Answer) -> bytes:
    """The response map as JSON, or an error instead if it has more bytes than the answer may have. Never raises."""
    if answer.encoded is None:
        return _encode_now(answer)
    if answer.encoded.body is None:
        answer.encoded.body = _encode_now(answer)
    return answer.encoded.body


def encode_errors(errors: Sequence[Mapping[str, Any]]) -> bytes:
    """A list of formatted errors as JSON. Never raises."""
    return to_json(list(errors), otherwise=_INTERNAL_LIST)


def _encode_now(answer: Answer) -> bytes:
    encoded = to_json(answer.body(), otherwise=_INTERNAL)
    if answer.max_size is None or len(encoded) <= answer.max_size:
        return encoded
    message = (
        f"The response has {len(encoded)} bytes; this frontend sends at most {answer.max_size}. "
        "Request fewer fields or items."
    )
    error = {"message": message, "extensions": {"code": Problem.RESPONSE_TOO_LARGE.name}}
    return orjson.dumps({"errors": [error], "data": None} if answer.was_executed else {"errors": [error]})


def to_json(value: Any, *, otherwise: bytes = b"null") -> bytes:
    """JSON of any plain Python value.

    A value that has no JSON, such as a list that holds itself, is logged and becomes `otherwise`.
    """
    for option in (0, orjson.OPT_NON_STR_KEYS):  # the second takes longer, and nearly all keys are text
        try:
            return orjson.dumps(value, default=_convert_unknown, option=option)
        except orjson.JSONEncodeError as error:
            if isinstance(error.__cause__, _Records):
                return _encode_records(value, otherwise)
            # else integers over 64 bits, lone surrogates, unusual keys: json encodes them, slowly
    try:
        return json.dumps(_make_plain(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    except (RecursionError, ValueError, TypeError) as error:
        log.error("answer_not_encoded", reason=str(error))  # noqa: TRY400 - a thousand frames of one function tell nothing
        return otherwise


class _Records(Exception):
    """An answer holds records, which msgspec encodes faster than orjson encodes maps."""


def _encode_records(body: Any, otherwise: bytes) -> bytes:
    """JSON of an answer whose data is of records, maps and plain values (bff.contract.Request, `takes_records`)."""
    if body.keys() == {"data"}:
        try:
            return msgspec.json.encode(body)
        except (TypeError, ValueError):
            pass  # a value that msgspec cannot encode, such as a lone surrogate
    return to_json({**body, "data": msgspec.to_builtins(body["data"], enc_hook=_make_plain)}, otherwise=otherwise)


def _convert_unknown(value: Any) -> Any:
    """A value that orjson does not know: bytes as base64, collections as lists, others, such as Decimal, as text."""
    if isinstance(value, Record):
        raise _Records
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Collection):
        return list(value)
    return str(value)


def _make_plain(value: Any) -> Any:
    """The same value of only dicts, lists, text, numbers and None, in the form that orjson would give it."""
    match value:
        case None | bool():
            return value
        case Enum():
            return _make_plain(value.value)
        case str():
            return str(value)
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else None
        case Record():
            return _make_plain(msgspec.to_builtins(value))
        case Mapping():
            return {_encode_key(key): _make_plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_make_plain(each) for each in value]
        case date() | time():
            return value.isoformat()
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: _make_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return _make_plain(_convert_unknown(value))


def _encode_key(key: Any) -> str:
    plain = _make_plain(key)
    return plain if isinstance(plain, str) else json.dumps(plain)
