"""The HTTP status of an answer, and the media type that goes with it. Called by the door and by the transports.

The newest draft of GraphQL over HTTP (August 2026, section `Status Codes`) wants 294 for data beside errors and 422 for
requests that are no GraphQL requests or do not validate, in every media type. The audit suite `graphql-http`, and the
clients that exist, want 200 and 400, and 200 for every well-formed request in application/json. `server.status_codes`
chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from bff.contract import Answer, Problem
from bff.http.responses.negotiate import GRAPHQL, JSON

PARTIAL_SUCCESS = 294
ChooseStatus = Callable[[Answer, str], tuple[int, str]]
_UNPROCESSABLE = frozenset(
    each.name
    for each in (
        Problem.BAD_REQUEST,
        Problem.BAD_USER_INPUT,
        Problem.FRAGMENT_CYCLE,
        Problem.GRAPHQL_VALIDATION_FAILED,
        Problem.INTROSPECTION_DISABLED,
        Problem.LIST_SIZE_NEEDED,
        Problem.OPERATION_NAME_NEEDED,
        Problem.OPERATION_NOT_FOUND,
        Problem.TOO_COSTLY,
        Problem.TOO_DEEP,
        Problem.TOO_MANY_ALIASES,
        Problem.TOO_MANY_DIRECTIVES,
        Problem.TOO_MANY_FIELDS,
        Problem.TOO_MANY_ROOT_FIELDS,
        Problem.TOO_MANY_VALUES,
        Problem.VARIABLES_TOO_LARGE,
    )
)
"""Codes of what can be read and not be processed: the rules of validation, our own among them."""


def choose_classic(answer: Answer, media: str) -> tuple[int, str]:
    """Status and media type as the audit suite wants them."""
    if answer.was_executed or (media == JSON and answer.status == HTTPStatus.BAD_REQUEST):
        return 200, media
    return answer.status, media


def choose_draft(answer: Answer, media: str) -> tuple[int, str]:
    """Status and media type as the draft wants them: only a success is application/json."""
    if answer.was_executed:
        return (PARTIAL_SUCCESS if answer.errors else 200), media
    status = answer.status
    if status == HTTPStatus.BAD_REQUEST and answer.errors[0].get("extensions", {}).get("code") in _UNPROCESSABLE:
        status = HTTPStatus.UNPROCESSABLE_ENTITY.value
    return status, GRAPHQL


STATUS_CODES: dict[str, ChooseStatus] = {"classic": choose_classic, "draft": choose_draft}
