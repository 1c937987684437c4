"""`cache_control`: how long browsers and caches may keep a value. Read by the engine, once per document."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import strawberry
from graphql import GraphQLField, GraphQLNamedType
from strawberry.schema_directive import Location

from bff.authoring.strawberry_insides import BACKREF


@strawberry.enum
class CacheControlScope(Enum):
    """Who may keep an answer."""

    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT, Location.INTERFACE, Location.UNION], name="cacheControl"
)
class CacheControl:
    """Apollo's directive, so that its tools read it; `scope` is always written."""

    max_age: int = strawberry.directive_field(name="maxAge")
    scope: CacheControlScope = strawberry.directive_field(name="scope")


def cache_control(max_age: int, *, scope: Literal["private", "public"] = "private") -> CacheControl:
    """In `directives=[...]` of a type or a field: keep its values for `max_age` seconds.

    `public` promises that they are the same for everyone, whatever headers a request has. What a field says goes before
    what its type says. An answer over GET is kept as long as its least lasting part; root fields and objects that say
    nothing forbid keeping it, plain fields last as long as their object.
    """
    if max_age < 0:
        raise ValueError(f"max_age is a number of seconds, not {max_age}")
    return CacheControl(max_age=max_age, scope=CacheControlScope[scope.upper()])


def hint_of(element: GraphQLField | GraphQLNamedType) -> CacheControl | None:
    """What the author says of a field or a type; None when nothing."""
    own = element.extensions.get(BACKREF)
    directives = getattr(own, "directives", None) or ()
    return next((each for each in directives if isinstance(each, CacheControl)), None)
