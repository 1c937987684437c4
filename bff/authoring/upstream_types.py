"""Names of types upstream: a frontend's `Person` may be a GraphQL upstream's `Author`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from graphql import GraphQLNamedType

from bff.authoring.strawberry_insides import definition_of
from connectors.contract import TypeNames

T = TypeVar("T", bound=type[Any])
_NAMES = "__bff_upstream_types__"


def upstream_type(*names: str) -> Callable[[T], T]:
    """Give the names that GraphQL upstreams have for a type: `@upstream_type("Author")` above `@strawberry.type`.

    They are used in fragments, and understood as `__typename` of records. Several names are several types upstream, or
    the names of several upstreams. Without this, the type's GraphQL name is used, or else the name of the class.
    """
    if not names or not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise TypeError(f'upstream_type() takes names of types such as "Author", not {names!r}')

    def decorate(cls: T) -> T:
        setattr(cls, _NAMES, names)
        return cls

    return decorate


def find_names(type_: GraphQLNamedType) -> TypeNames:
    """The names that upstreams may have for a type."""
    definition = definition_of(type_)
    cls = getattr(definition, "origin", None)
    if not isinstance(cls, type):
        return TypeNames((type_.name,))
    given: tuple[str, ...] | None = vars(cls).get(_NAMES)
    if given is not None:
        return TypeNames(given, is_given=True)
    is_named_otherwise = cls.__name__ != type_.name and not definition.concrete_of
    return TypeNames((type_.name, cls.__name__) if is_named_otherwise else (type_.name,))
