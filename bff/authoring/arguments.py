"""Parameters of endpoints as arguments of GraphQL fields: their names and descriptions. Used by `take` and `via`."""

from __future__ import annotations

from keyword import iskeyword
from typing import Annotated, Any

import strawberry

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError

_RESOLVER_NAMES = ("self", "cls", "root", "parent")
"""What strawberry passes to a resolver by these names."""


def find_python_name(parameter: str) -> str:
    """The name of a parameter in a resolver: `from_` for `from`, which Python, or strawberry, has for itself."""
    return f"{parameter}_" if iskeyword(parameter) or parameter in _RESOLVER_NAMES else parameter


def annotate(parameter: str, type_: Any, description: str | None) -> Any:
    """The type of an argument, with the name and the description that the schema shows."""
    if parameter == "info":
        raise DefinitionError(
            f'{place_of_author("bff")}: no argument can be called "info", which GraphQL passes to every resolver; '
            'give the parameter of the endpoint another name, such as "info_text"'
        )
    name = parameter if find_python_name(parameter) != parameter else None
    if name is None and description is None:
        return type_
    return Annotated[type_, strawberry.argument(name=name, description=description)]
