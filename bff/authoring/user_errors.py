"""What a user did wrong, in an author's words: ValueError and pydantic's errors, as GraphQL errors with fields.

Of inputs wherever they are made, and of the resolvers of mutations. Elsewhere a ValueError is a defect like others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from graphql import GraphQLError
from pydantic import ValidationError
from strawberry.utils.str_converters import to_camel_case

from bff.contract import Problem
from connectors.errors import ConnectorError

_MAX_FIELDS = 100


def describe_user_error(error: Exception, path: tuple[str | int, ...] = ()) -> GraphQLError | None:
    """The error for the frontend, at this path of the input; None where the cause is not what a user gave.

    Only a plain ValueError counts: its subclasses, such as those of decoders, are raised by code that knows no user.
    """
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)[:_MAX_FIELDS]
        fields = [
            {
                "path": [*path, *(to_camel_case(each) if isinstance(each, str) else each for each in problem["loc"])],
                "message": problem["msg"].removeprefix("Value error, "),
                "code": problem["type"],
            }
            for problem in found
        ]
        message = "; ".join(f"{'.'.join(map(str, each['path']))}: {each['message']}" for each in fields)
        return _create_error(message, fields, error)
    if type(error) is ValueError and str(error):
        fields = [{"path": list(path), "message": str(error)}] if path else []
        return _create_error(str(error), fields, error)
    return None


def _create_error(message: str, fields: list[dict[str, Any]], cause: Exception) -> GraphQLError:
    extensions: dict[str, Any] = {"code": Problem.BAD_USER_INPUT.name, **({"fields": fields} if fields else {})}
    return GraphQLError(message, extensions=extensions)


def report_user_errors(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """A mutation's resolver whose ValueErrors are for the frontend."""

    async def finish(awaitable: Awaitable[Any]) -> Any:
        try:
            return await awaitable
        except Exception as error:
            _raise_user_error(error)
            raise

    if iscoroutinefunction(resolve):

        @wraps(resolve)
        async def resolve_later(*args: Any, **kwargs: Any) -> Any:
            return await finish(resolve(*args, **kwargs))

        return resolve_later

    @wraps(resolve)
    def resolve_now(*args: Any, **kwargs: Any) -> Any:
        try:
            result = resolve(*args, **kwargs)
        except Exception as error:
            _raise_user_error(error)
            raise
        return finish(result) if isinstance(result, Awaitable) else result

    return resolve_now


def _raise_user_error(error: Exception) -> None:
    described = None if isinstance(error, ConnectorError | GraphQLError) else describe_user_error(error)
    if described is not None:
        raise described from None
