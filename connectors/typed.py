"""`typed`: the parameters of an endpoint as a function declares them, so that type checkers see wrong calls."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, cast, overload

from connectors.contract import Event, Reply
from connectors.endpoint import Endpoint, StreamEndpoint, place_of_author
from connectors.errors import DefinitionError

P = ParamSpec("P")

if TYPE_CHECKING:

    class TypedEndpoint(Endpoint, Generic[P]):
        """An Endpoint whose parameters type checkers know. Where the program runs, it is the Endpoint itself."""

        def __call__(self, *args: P.args, **arguments: P.kwargs) -> Coroutine[Any, Any, Reply]:
            """As Endpoint."""

    class TypedStreamEndpoint(StreamEndpoint, Generic[P]):
        """The same of a StreamEndpoint."""

        def __call__(self, *args: P.args, **arguments: P.kwargs) -> AsyncGenerator[Event, None]:
            """As StreamEndpoint."""


@overload
def typed(endpoint: Endpoint) -> Callable[[Callable[P, Any]], TypedEndpoint[P]]: ...


@overload
def typed(endpoint: StreamEndpoint) -> Callable[[Callable[P, Any]], TypedStreamEndpoint[P]]: ...


def typed(endpoint: Endpoint | StreamEndpoint) -> Callable[[Callable[P, Any]], Any]:
    """Replace the decorated function by the endpoint, which has the function's parameters for type checkers.

        @typed(catalog.get("/products/{id}?lang={lang?}"))
        def product(*, id: str, lang: str = "en") -> None: ...

    The function is never called. Its parameters are keyword-only; their names must be those of the endpoint. A
    default is for readers and checkers: what a call leaves out is left out. Raises
    DefinitionError for what does not fit.
    """

    def decorate(declared: Callable[P, Any]) -> Any:
        if problem := _find_problem(endpoint, inspect.signature(declared)):
            name = getattr(declared, "__name__", "this function")
            raise DefinitionError(f"{place_of_author()}: {name}: {problem}")
        return cast("Any", endpoint)

    return decorate


def _find_problem(endpoint: Endpoint | StreamEndpoint, signature: inspect.Signature) -> str | None:
    parameters = signature.parameters
    for each in parameters.values():
        if each.kind is not each.KEYWORD_ONLY:
            return f"the parameter {each.name} must be keyword-only, because endpoints take names: write `*` before it"
        if not endpoint.takes_any and each.name not in endpoint.parameters:
            nearest = get_close_matches(each.name, endpoint.parameters, n=1)
            known = ", ".join(sorted(endpoint.parameters)) or "none"
            hint = f'did you mean "{nearest[0]}"?' if nearest else f"it takes {known}"
            return f'{endpoint.name} has no parameter "{each.name}"; {hint}'
    for name, is_required in endpoint.parameters.items():
        if is_required and name not in parameters:
            return f'{endpoint.name} needs the parameter "{name}", which is not declared'
        if is_required and parameters[name].default is not inspect.Parameter.empty:
            return f'{endpoint.name} needs the parameter "{name}", so it has no default'
    return None
