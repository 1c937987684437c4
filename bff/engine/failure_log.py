"""The failures of one response in the log: one line per failing call or place of code, however many fields it cost.

Forty products whose price is missing because one call failed are one line. Used by `errors`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any

import msgspec
from graphql import GraphQLField

from bff.authoring.context import Degraded
from bff.contract import Problem
from bff.engine.origins import Origins
from bff.engine.tracebacks import drop_tracebacks
from bff.observability.lines import UpstreamText
from bff.observability.logger import get_logger
from bff.observability.metrics import count_failure
from connectors.errors import UpstreamError

log = get_logger("bff.engine")

MAX_LINES = 20
"""Of one response: an operation of a thousand aliases can fail in a thousand ways."""

MAX_KEYS, MAX_BODY = 10, 4_000
_MIN_QUOTED = 4
"""Keys of a refusal's body that are logged, and characters of it that are with `log.values`."""
_NAME = re.compile(r"[A-Za-z_@$][\w.@$:-]{0,39}")

Path = Sequence[str | int]


@dataclass(slots=True)
class _Failure:
    """What failed in the same way."""

    level: str
    event: str
    path: Path | None
    details: Mapping[str, Any]
    fields: int = 0
    degraded: int = 0
    calls: set[int] = field(default_factory=set)


class FailureLog:
    """Collects the failures of one response; `write` logs them."""

    __slots__ = ("_failures", "_is_shared", "_origins", "_raised", "log_fields")

    def __init__(
        self, log_fields: Mapping[str, str], origins: Origins | None = None, *, is_shared: bool = False
    ) -> None:
        """`log_fields` label every line, such as the id of the request; `origins` finds the call behind a field.

        `is_shared`: other operations log the same exceptions.
        """
        self.log_fields = log_fields
        self._origins = origins
        self._is_shared = is_shared
        self._raised: dict[int, BaseException] = {}
        """Those whose tracebacks are to be logged."""
        self._failures: dict[Hashable, _Failure] = {}

    def add_upstream(
        self, error: UpstreamError, path: Path | None, *, is_degraded: bool = False, is_of_input: bool = False
    ) -> None:
        """A field without its value, or with its default, because a call failed.

        `is_of_input`: the upstream refused values of the frontend, which is told so; that is no warning.
        """
        operation = error.operation
        key = (operation.upstream, operation.name, error.code)
        failure = self._failures.get(key)
        if failure is None:
            level = "info" if is_of_input else "warning"
            failure = self._add(key, level, "upstream_failed", path, _describe(error))
        failure.calls.add(id(error))
        failure.fields += 1
        failure.degraded += is_degraded

    def add_degraded(self, degraded: Iterable[Degraded]) -> None:
        """Fields with their default, which the response does not report as errors."""
        for each in degraded:
            self.add_upstream(each.error, each.path, is_degraded=True)
            self.release([each.error])

    def add_null(self, coordinate: str, path: Path | None) -> None:
        """A field that may not be null has no value."""
        key = ("null", coordinate)
        failure = self._failures.get(key)
        if failure is None:
            details = {"code": Problem.UNEXPECTED_NULL.name, "field": coordinate, **self._find_origin(path)}
            failure = self._add(key, "warning", "unexpected_null", path, details)
        failure.fields += 1

    def add_misfit(self, message: str, path: Path | None, *, code: str = Problem.INVALID_VALUE.name) -> None:
        """A value does not fit its type. `message` may be graphql-core's, which holds the value."""
        key = ("misfit", *(step for step in path or () if isinstance(step, str)))
        failure = self._failures.get(key)
        if failure is None:
            words, mark, value = _split_value(message)
            details = {"code": code, "detail": words + mark, **self._find_origin(path)}
            if value:
                details["value"] = UpstreamText(value)
            failure = self._add(key, "warning", "invalid_value", path, details)
        failure.fields += 1

    def add_refusal(self, code: str, message: str, path: Path | None) -> None:
        """A limit of the gateway was reached while fields were resolved."""
        key = ("refused", code)
        failure = self._failures.get(key)
        if failure is None:
            failure = self._add(key, "info", "refused", path, {"code": code, "detail": message})
        failure.fields += 1

    def add_defect(self, error: BaseException, path: Path | None) -> None:
        """Code of an author, or of the gateway, raised what it should not."""
        key = (type(error), *_place_of(error.__traceback__))
        failure = self._failures.get(key)
        if failure is None:
            details = {"code": Problem.INTERNAL.name, "exc_info": error}
            failure = self._add(key, "error", "resolver_failed", path, details)
            self._raised[id(error)] = error
        failure.fields += 1

    def release(self, errors: Iterable[BaseException]) -> None:
        """Forget the tracebacks of exceptions that have been added, but for those that `write` needs."""
        if not self._is_shared:
            drop_tracebacks(errors, kept=self._raised)

    def write(self) -> None:
        """Log each failure once, count those of upstreams, and forget them."""
        for number, failure in enumerate(self._failures.values()):
            if "upstream" in failure.details:
                count_failure(str(failure.details["upstream"]), failure.details["code"], degraded=failure.degraded)
            if number < MAX_LINES:
                self._write_one(failure)
        if (more := len(self._failures) - MAX_LINES) > 0:
            log.warning("failures_not_logged", count=more, **self.log_fields)
        self._failures.clear()
        raised, self._raised = self._raised, {}
        self.release(raised.values())

    def find_field(self, path: Path | None) -> GraphQLField | None:
        """The definition of the field at a response path, where the document is known."""
        return self._origins.find_field(path) if self._origins is not None else None

    def _find_origin(self, path: Path | None) -> dict[str, Any]:
        """Upstream and operation of the call that gave the value, and its place in the reply, where they are known."""
        try:
            origin = self._origins.find(path) if self._origins is not None else None
        except Exception:  # noqa: BLE001 - a line without an origin is better than none
            return {}
        if origin is None:
            return {}
        found = {"upstream": origin.upstream, "operation": origin.operation}
        return {**found, "place": origin.place} if origin.place else found

    def _add(self, key: Hashable, level: str, event: str, path: Path | None, details: Mapping[str, Any]) -> _Failure:
        failure = self._failures[key] = _Failure(level, event, path, details)
        return failure

    def _write_one(self, failure: _Failure) -> None:
        counts: dict[str, int] = {"fields": failure.fields}
        if failure.degraded:
            counts["degraded"] = failure.degraded
        if len(failure.calls) > 1:
            counts["calls"] = len(failure.calls)
        write = {"error": log.error, "warning": log.warning, "info": log.info}[failure.level]
        write(failure.event, **failure.details, path=failure.path, **counts, **self.log_fields)


def _describe(error: UpstreamError) -> dict[str, Any]:
    detail = error.detail
    found: dict[str, Any] = {
        "upstream": error.operation.upstream,
        "operation": error.operation.name,
        "code": error.code,
        "detail": _leave_out(error.quoted, detail) if error.quoted else detail,
    }
    if error.quoted:
        found["upstream_text"] = UpstreamText(error.quoted)
    if error.upstream_code:
        found["upstream_code"] = error.upstream_code
    body = error.body
    if isinstance(body, Mapping):
        found["reply_keys"] = [name for name in islice(body, MAX_KEYS) if _is_plain_name(name)]
    if body is not None:
        found["upstream_body"] = UpstreamText(_format_body(body))
    return found


def _leave_out(quoted: str, detail: str) -> str:
    """The detail without the upstream's text. A very short one is no part of our own words."""
    if len(quoted) >= _MIN_QUOTED:
        return detail.replace(quoted, "...")
    return re.sub(rf"(?<!\w){re.escape(quoted)}(?!\w)", "...", detail)


def _is_plain_name(name: object) -> bool:
    """Whether a key is a name, and no data such as an address."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _format_body(body: Any) -> str:
    try:
        text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
    except (TypeError, ValueError, RecursionError):
        text = repr(body)
    return text[:MAX_BODY]


def _split_value(message: str) -> tuple[str, str, str]:
    """What graphql-core says of a value, and the value."""
    for mark in (" value: ", " but got: "):
        if mark in message:
            return message.partition(mark)
    return message, "", ""


def _place_of(trace: TracebackType | None) -> tuple[str, int]:
    """File and line of the innermost frame."""
    if trace is None:
        return "", 0
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename, trace.tb_lineno
