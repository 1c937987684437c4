"""Where a project uses its endpoints: `via` fields of the frontends' schemas, and names in its modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from bff.authoring.fields import VIA, Via
from bff.authoring.strawberry_insides import own_field_of
from bff.checks.sources import Sources
from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint
from connectors.kinds import KINDS

AnyEndpoint = Endpoint | StreamEndpoint | PublishEndpoint


@dataclass(frozen=True, slots=True)
class Use:
    """A `via` field."""

    schema: GraphQLSchema
    type: GraphQLObjectType | GraphQLInterfaceType
    name: str
    field: GraphQLField
    via: Via

    @property
    def label(self) -> str:
        """`Product.price`."""
        return f"{self.type.name}.{self.name}"


def list_uses(schemas: Iterable[GraphQLSchema]) -> list[Use]:
    """All `via` fields."""
    return [use for schema in schemas for use in _iterate_uses(schema)]


def _iterate_uses(schema: GraphQLSchema) -> Iterator[Use]:
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                own = own_field_of(field)
                via: Via | None = own.metadata.get(VIA) if own is not None else None
                if via is not None:
                    yield Use(schema, type_, name, field, via)


def list_endpoints(sources: Sources, uses: Iterable[Use]) -> list[AnyEndpoint]:
    """The endpoints that modules name or schemas use, each once."""
    found: dict[int, AnyEndpoint] = {id(use.via.endpoint): use.via.endpoint for use in uses}
    for module in sources.modules.values():
        for value in vars(module).values():
            found |= {id(each): each for each in _find_inside(value)}
    return sorted(found.values(), key=lambda each: each.place)


def _find_inside(value: Any) -> Iterator[AnyEndpoint]:
    """An endpoint, or those in a container or class."""
    if isinstance(value, Endpoint | StreamEndpoint | PublishEndpoint):
        yield value
    elif isinstance(value, Mapping):
        yield from (each for each in value.values() if isinstance(each, AnyEndpoint))
    elif isinstance(value, list | tuple):
        yield from (each for each in value if isinstance(each, AnyEndpoint))
    elif isinstance(value, type):
        yield from (each for each in vars(value).values() if isinstance(each, AnyEndpoint))


def kind_of(endpoint: AnyEndpoint) -> str | None:
    """The kind of upstream that an endpoint is written for; None for a connector of the project's own."""
    for cls in type(endpoint.operation).__mro__:
        parts = cls.__module__.split(".")
        if parts[0] == "connectors" and len(parts) > 1 and parts[1] in KINDS:
            return parts[1]
    return None
