"""From whatever went wrong to what a frontend may read: safe words and a stable code. The log gets the rest.

Codes of the engine: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT (variables), UNEXPECTED_NULL,
INVALID_VALUE, FORBIDDEN, INTERNAL, those of `Refused`, and the UPSTREAM_ codes of `connectors.errors`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import StrawberryGraphQLError

from bff.authoring.misfits import Misfit
from bff.contract import Problem, Refused
from bff.engine.exposures import show_refusal
from bff.engine.failure_log import FailureLog
from connectors.errors import UpstreamError

MAX_CHARACTERS = 1_000
"""Of a message: it may repeat a part of the document or a variable, a megabyte of it."""
MAX_LOCATIONS = 20
"""Of one error: a clash of fields names every one of them."""

_NULL = re.compile(r"Cannot return null for non-nullable field (\S+?)\.?$")
_MISFIT = re.compile(
    r"^((Int|Float|String|Boolean|ID|Enum '\w+'|Expected Iterable).* (cannot represent|but did not find)"
    r"|Expected value of type '\w+' but got: )",
    re.DOTALL,
)


def document_errors(errors: Sequence[GraphQLError], *, explains: bool = True) -> list[dict[str, Any]]:
    """Errors of parsing and validation: their text is the specification's and speaks of the schema only.

    With `explains` False every misfit with the schema is the same one error, without a place, so that no client learns
    names by trying them. A document that does not parse is still explained: the parser knows no schema.
    """
    if not explains and not any(isinstance(error, GraphQLSyntaxError) for error in errors):
        return [_uniform_error("The document does not fit the schema.", Problem.GRAPHQL_VALIDATION_FAILED.name)]
    return [
        _with_code(
            error,
            Problem.GRAPHQL_PARSE_FAILED.name
            if isinstance(error, GraphQLSyntaxError)
            else Problem.GRAPHQL_VALIDATION_FAILED.name,
        )
        for error in errors
    ]


def field_errors(
    errors: Sequence[GraphQLError], *, failures: FailureLog, explains: bool = True
) -> list[dict[str, Any]]:
    """Errors of running: translated, masked, and added to `failures`, which the caller writes into the log.

    With `explains` False all that may be wrong with variables is the same one error, as in `document_errors`.
    """
    if not explains and any(_is_about_request(error) for error in errors):
        return [_uniform_error("The variables do not fit the operation.", Problem.BAD_USER_INPUT.name)]
    formatted = [_field_error(error, failures.log_fields, failures) for error in errors]
    failures.release(errors)
    return formatted


def request_error(message: str, code: str, log_fields: Mapping[str, str]) -> dict[str, Any]:
    """One error that was logged with these labels, and has no place in the response."""
    return {"message": message, "extensions": {"code": code, **_request_id_of(log_fields)}}


def _field_error(error: GraphQLError, log_fields: Mapping[str, str], failures: FailureLog) -> dict[str, Any]:
    cause = _innermost_cause(error)
    if isinstance(cause, UpstreamError):
        if cause.operation.exposure is None:
            failures.add_upstream(cause, error.path)
            return _format_error(error, cause.public, {"code": cause.code, **_request_id_of(log_fields)})
        message, shown = show_refusal(cause, failures.find_field(error.path))
        failures.add_upstream(cause, error.path, is_of_input=shown["code"] == Problem.BAD_USER_INPUT.name)
        return _format_error(error, message[:MAX_CHARACTERS], {**shown, **_request_id_of(log_fields)})
    if isinstance(cause, Misfit):
        failures.add_misfit(cause.detail, error.path, code=cause.code)
        return _format_error(error, cause.public, {"code": cause.code, **_request_id_of(log_fields)})
    if isinstance(cause, Refused):
        failures.add_refusal(cause.code, cause.message, error.path)
        return _format_error(error, cause.message, {"code": cause.code, **_request_id_of(log_fields)})
    if _is_about_request(error):
        return _with_code(error, Problem.BAD_USER_INPUT.name)
    if cause is None or isinstance(cause, GraphQLError):
        return _author_error(error, cause, log_fields, failures)
    if match := _NULL.match(str(cause)):
        failures.add_null(match[1], error.path)
        message = f"There is no value for {match[1]}, which may not be null."
        return _format_error(error, message, {"code": Problem.UNEXPECTED_NULL.name, **_request_id_of(log_fields)})
    failures.add_defect(cause, error.path)
    return _format_error(error, "Something went wrong.", {"code": Problem.INTERNAL.name, **_request_id_of(log_fields)})


def _author_error(
    error: GraphQLError, cause: GraphQLError | None, log_fields: Mapping[str, str], failures: FailureLog
) -> dict[str, Any]:
    """A GraphQLError was raised on purpose, unless graphql-core raised it for a value that does not fit its type."""
    if _MISFIT.match(error.message):
        failures.add_misfit(error.message, error.path)
        message = "A service gave a value that does not fit this field."
        return _format_error(error, message, {"code": Problem.INVALID_VALUE.name, **_request_id_of(log_fields)})
    default = (
        Problem.FORBIDDEN.name if isinstance(cause or error, StrawberryGraphQLError) else Problem.BAD_USER_INPUT.name
    )
    return _with_code(error, default, log_fields)


def _is_about_request(error: GraphQLError) -> bool:
    """Whether it stopped the request before any field ran, and no author's code raised it."""
    cause = _innermost_cause(error)
    return error.path is None and (bool(error.nodes) or cause is None or isinstance(cause, GraphQLError))


def _request_id_of(log_fields: Mapping[str, str]) -> dict[str, str]:
    """What ties an error that was logged to its line in the log: the response's `x-request-id`."""
    request_id = log_fields.get("request_id")
    return {"requestId": request_id} if request_id else {}


def _uniform_error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _innermost_cause(error: GraphQLError) -> BaseException | None:
    """The innermost exception that graphql-core and strawberry wrapped."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _with_code(error: GraphQLError, code: str, log_fields: Mapping[str, str] | None = None) -> dict[str, Any]:
    extensions = {"code": code, **_request_id_of(log_fields or {}), **(error.extensions or {})}
    return _format_error(error, error.message[:MAX_CHARACTERS], extensions)


def _format_error(error: GraphQLError, message: str, extensions: Mapping[str, Any]) -> dict[str, Any]:
    formatted: dict[str, Any] = {"message": message}
    if error.locations:
        formatted["locations"] = [{"line": at.line, "column": at.column} for at in error.locations[:MAX_LOCATIONS]]
    if error.path is not None:
        formatted["path"] = list(error.path)
    formatted["extensions"] = dict(extensions)
    return formatted
