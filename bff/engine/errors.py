"""From whatever went wrong to what a frontend may read: safe words and a stable code. The log gets the rest.

Codes of the engine: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT (variables), UNEXPECTED_NULL,
INVALID_VALUE, FORBIDDEN, INTERNAL, those of `Refused`, and the UPSTREAM_ codes of `connectors.errors`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import StrawberryGraphQLError

from bff.contract import Refused
from connectors.errors import UpstreamError

log = structlog.get_logger("bff.engine")

MOST_CHARACTERS = 1_000
"""Of a message: it may repeat a part of the document or a variable, a megabyte of it."""
MOST_LOCATIONS = 20
"""Of one error: a clash of fields names every one of them."""

_NULL = re.compile(r"Cannot return null for non-nullable field (\S+?)\.?$")
_MISFIT = re.compile(
    r"^((Int|Float|String|Boolean|ID|Enum '\w+'|Expected Iterable).* (cannot represent|but did not find)"
    r"|Expected value of type '\w+' but got: )",
    re.DOTALL,
)


def document_errors(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Errors of parsing and validation: their text is the specification's and speaks of the schema only."""
    return [
        _with_code(
            error, "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "GRAPHQL_VALIDATION_FAILED"
        )
        for error in errors
    ]


def field_errors(errors: Sequence[GraphQLError], *, log_fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Errors of running: translated, masked, and logged in full."""
    return [_field_error(error, log_fields) for error in errors]


def _field_error(error: GraphQLError, log_fields: Mapping[str, str]) -> dict[str, Any]:
    cause = _cause(error)
    if isinstance(cause, UpstreamError):
        log.warning("upstream_failed", code=cause.code, path=error.path, detail=str(cause), **log_fields)
        return _formatted(error, cause.public, {"code": cause.code})
    if isinstance(cause, Refused):
        return _formatted(error, cause.message, {"code": cause.code})
    if error.path is None and (error.nodes or cause is None or isinstance(cause, GraphQLError)):
        return _with_code(error, "BAD_USER_INPUT")
    if cause is None or isinstance(cause, GraphQLError):
        return _said_by_author(error, cause, log_fields)
    if match := _NULL.match(str(cause)):
        log.warning("unexpected_null", field=match[1], path=error.path, **log_fields)
        return _formatted(
            error, f"There is no value for {match[1]}, which may not be null.", {"code": "UNEXPECTED_NULL"}
        )
    log.error("resolver_failed", path=error.path, exc_info=cause, **log_fields)
    return _formatted(error, "Something went wrong.", {"code": "INTERNAL"})


def _said_by_author(error: GraphQLError, cause: GraphQLError | None, log_fields: Mapping[str, str]) -> dict[str, Any]:
    """A GraphQLError was raised on purpose, unless graphql-core raised it for a value that does not fit its type."""
    if _MISFIT.match(error.message):
        log.warning("invalid_value", path=error.path, detail=error.message, **log_fields)
        return _formatted(error, "A service gave a value that does not fit this field.", {"code": "INVALID_VALUE"})
    default = "FORBIDDEN" if isinstance(cause or error, StrawberryGraphQLError) else "BAD_USER_INPUT"
    return _with_code(error, default)


def _cause(error: GraphQLError) -> BaseException | None:
    """The innermost exception that graphql-core and strawberry wrapped."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _with_code(error: GraphQLError, code: str) -> dict[str, Any]:
    return _formatted(error, error.message[:MOST_CHARACTERS], {"code": code, **(error.extensions or {})})


def _formatted(error: GraphQLError, message: str, extensions: Mapping[str, Any]) -> dict[str, Any]:
    formatted: dict[str, Any] = {"message": message}
    if error.locations:
        formatted["locations"] = [{"line": at.line, "column": at.column} for at in error.locations[:MOST_LOCATIONS]]
    if error.path is not None:
        formatted["path"] = list(error.path)
    formatted["extensions"] = dict(extensions)
    return formatted
