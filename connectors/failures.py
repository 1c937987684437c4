"""Failures in good replies: what an endpoint's `error=` finds becomes an UpstreamError. Used by every connector.

A failure at the top fails the call, before anything caches or counts the reply as good. In a list of records, each
record that reports one fails alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from connectors.contract import Call, Operation, Reply
from connectors.endpoint import place_of_author, split_path
from connectors.error_details import AnswerFailure
from connectors.error_kinds import kind_for_code
from connectors.error_reply import ErrorReply
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamError
from connectors.failure_rules import (
    Exposure,
    FailureOptions,
    FailureRule,
    Found,
    parse_exposure,
    parse_failure_rule,
)
from connectors.messages.paths import Path, PathOption, at_path, format_path

_CODE = re.compile(r"[\w.:-]{1,64}")
_CODE_KEYS = ("code", "errorCode", "error_code", "status", "statusCode", "type", "name")
_TEXT_KEYS = ("message", "error_description", "description", "detail", "reason", "error", "text")
_MAX_TEXT = 500
_MISFITS = (LookupError, TypeError, AttributeError)
"""What a function raises for a value of another form than it is made for."""


def read_failure_options(
    options: FailureOptions, *, at: PathOption | None = None, many_at: PathOption | None = None
) -> dict[str, Any]:
    """The fields `failure` and `exposure` of an Operation. Raises DefinitionError with the author's line.

    An endpoint takes these options by `**`, so what is no option of it arrives here too, and is refused.
    """
    unknown = next((name for name in options if name not in FailureOptions.__annotations__), None)
    if unknown is not None:
        raise DefinitionError(f"{place_of_author()}: there is no option {unknown}={_name_nearest_option(unknown)}")
    where = split_path(at, "at")
    try:
        return {
            "failure": parse_failure_rule(
                split_path, options.get("error"), at=where, many_at=split_path(many_at, "many_at") or where
            ),
            "exposure": parse_exposure(split_path, options.get("expose"), options.get("fields")),
        }
    except ValueError as error:
        raise DefinitionError(f"{place_of_author()}: {error}") from None


def _name_nearest_option(name: str) -> str:
    """A hint at the option of the endpoint's method with the nearest name, or all of them."""
    frame = sys._getframe(1)  # noqa: SLF001 - as in place_of_author
    while frame.f_back is not None and frame.f_back.f_globals.get("__name__", "").startswith("connectors."):
        frame = frame.f_back
    code = frame.f_code
    known = [*code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount], "error", "expose"]
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}=?" if near else f"; there are {', '.join(sorted({*known}))}"


async def check_failures(call: Call, reply: Reply) -> Reply:
    """The reply, in which an UpstreamError stands for each record that reports a failure.

    Raises UpstreamError for a failure of the whole.
    """
    operation = call.operation
    rule: FailureRule | None = operation.failure
    if rule is None or _is_surely_good(rule, reply.payload):
        return reply
    data = await reply.read()
    at = rule.many_at if call.keys else rule.at
    records = at_path(data, at)
    found, is_read = _find_in_whole(operation, rule, data, records)
    if found is not None:
        raise create_error(operation, found, data, reply)
    checked = _check_records(_Check(operation, rule, reply, is_read), records, is_batch=bool(call.keys))
    if checked is records:
        return reply
    headers = {**reply.headers, "cache-control": "no-store"}  # a failure of one record passes, and is not kept
    return Reply(_replace(data, at, checked), status=reply.status, headers=headers)


def check_missing(where: str, missing: str) -> bool:
    """Whether `missing=` of an endpoint is "null". Raises DefinitionError for another word than that and "error"."""
    if missing not in ("error", "null"):
        raise DefinitionError(f'{where}: missing={missing!r} is not an option; write "error" or "null"')
    return missing == "null"


def check_message(operation: Operation, data: Any) -> None:
    """As `check_failures`, for a message that has no Reply."""
    rule: FailureRule | None = operation.failure
    if rule is not None and (found := _find(operation, rule, data)) is not None:
        raise create_error(operation, found, data, Reply(data))


def create_error(operation: Operation, found: Found, answer: Any, reply: Reply) -> UpstreamError:
    """The error of a reply or record that reports a failure. `body` is the reply or record as a whole.

    Its text has no words of the upstream, which may repeat secrets that it was sent.
    """
    code, text = find_code(found.value), _find_text(found.value)
    where = f" at {format_path(found.path)}" if found.path else ""
    return kind_for_code(code)(
        operation,
        f"the answer reports a failure{where}",
        upstream_code=code,
        quoted=text,
        reply=ErrorReply(
            reply.status or (int(code) if code.isascii() and code.isdecimal() else code) or None,
            headers=reply.headers,
            body=answer if isinstance(answer, Mapping) else found.value,
            details=[AnswerFailure(found.path, found.value)],
        ),
    )


def find_code(failure: Any) -> str:
    """The code of a failure: the failure itself or its `code`. Its other words may hold secrets."""
    if isinstance(failure, list) and failure:
        failure = failure[0]
    if isinstance(failure, Mapping):
        found = (failure.get(key) for key in _CODE_KEYS)
        failure = next((each for each in found if isinstance(each, int | str) and each not in ("", 0)), "")
    is_code = isinstance(failure, int | str) and not isinstance(failure, bool) and _CODE.fullmatch(str(failure))
    return str(failure) if is_code else ""


def _find_text(failure: Any) -> str:
    if isinstance(failure, list) and failure:
        failure = failure[0]
    if isinstance(failure, Mapping):
        failure = next((failure[key] for key in _TEXT_KEYS if isinstance(failure.get(key), str)), "")
    return failure[:_MAX_TEXT] if isinstance(failure, str) else ""


def _is_surely_good(rule: FailureRule, payload: Any) -> bool:
    """Whether JSON lacks a name that every failure has; then forms may be filled from the bytes."""
    if not rule.names or not isinstance(payload, bytes):
        return False
    return b"\\u" not in payload and any(name not in payload for name in rule.names)


@dataclass(frozen=True, slots=True)
class _Check:
    """How the records of a reply are checked."""

    operation: Operation
    rule: FailureRule
    reply: Reply
    is_lenient: bool
    """Whether a function may raise for a record: it could read the whole reply, so it is made for that."""

    def find(self, record: Any) -> UpstreamError | None:
        """The error of a record that reports a failure."""
        try:
            found = _find(self.operation, self.rule, record)
        except UpstreamBadReply as error:
            if self.is_lenient and isinstance(error.__cause__, _MISFITS):
                return None
            raise
        return None if found is None else create_error(self.operation, found, record, self.reply)


def _find_in_whole(operation: Operation, rule: FailureRule, data: Any, records: Any) -> tuple[Found | None, bool]:
    """The failure of a reply as a whole, and whether a function could read that. It may be made for its records."""
    try:
        return _find(operation, rule, data), True
    except UpstreamBadReply as error:
        holds_records = isinstance(records, list) or (records is not data and isinstance(records, Mapping))
        if not holds_records or not isinstance(error.__cause__, _MISFITS):
            raise
        return None, False


def _find(operation: Operation, rule: FailureRule, value: Any) -> Found | None:
    try:
        return rule.find(value)
    except Exception as error:
        reason = f"the function given as error= raised {type(error).__name__} for the reply"
        raise UpstreamBadReply(operation, reason) from error


def _check_records(check: _Check, records: Any, *, is_batch: bool) -> Any:
    """The same records where none reports a failure, else others with errors in their places."""
    if isinstance(records, Mapping) and not is_batch:
        error = check.find(records)
        if error is not None:
            raise error
        return records
    if isinstance(records, Mapping):  # of a batch, by key
        checked: Any = {key: _check_record(check, each) for key, each in records.items()}
        return records if all(checked[key] is records[key] for key in records) else checked
    if not isinstance(records, list):
        return records
    items = [_check_record(check, each) for each in records]
    if all(new is old for new, old in zip(items, records, strict=True)):
        return records
    return type(records)(items)  # InKeyOrder stays what it is


def _check_record(check: _Check, record: Any) -> Any:
    error = check.find(record) if isinstance(record, Mapping) else None
    return record if error is None else error


def _replace(data: Any, at: Path, value: Any) -> Any:
    """The data with this value at the path, sharing the rest."""
    if not at:
        return value
    inner = _replace(at_path(data, at[:1]), at[1:], value)
    if isinstance(data, Mapping):
        return {**data, at[0]: inner}
    if isinstance(data, list):
        index = int(at[0])
        return [*data[:index], inner, *data[index:][1:]]
    return value


__all__ = ["Exposure", "FailureOptions", "check_failures", "check_message", "create_error", "find_code"]
