"""The SDL of frontends, also as a federated schema sends it itself."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
import strawberry

from bff.contract import Answer
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.frontends.sdl import print_sdl
from bff.gateway.gateway import Gateway
from tests.bff.fakes import AllReady
from tests.bff.frontends.world import ask
from tests.waiting import GENEROUS
from tests.worlds import hello


@strawberry.federation.type(keys=["id"])
class Product:
    """An entity."""

    id: strawberry.ID
    name: str

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Product:
        return Product(id=id, name=f"name of {id}")


@strawberry.federation.type
class Query:
    """The root."""

    @strawberry.field
    def products(self, first: Annotated[int, msgspec.Meta(ge=1)] = 1) -> list[Product]:
        return [Product(id=strawberry.ID(str(number)), name="x") for number in range(first)]


def federated(**options: Any) -> Gateway:
    """A gateway with one federated frontend."""
    schema = strawberry.federation.Schema(query=Query, types=[Product])
    chosen = Options.model_validate({"schema": "tests", **options})
    return Gateway({"app": make_frontend("app", chosen, schema)}, {}, request_timeout=GENEROUS, readiness=AllReady())


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_a_federated_schema_sends_the_sdl_that_tools_take(engine: str) -> None:
    """With its keys and constraints, and without the definitions of @defer and @stream."""
    answer = await ask(federated(engine=engine), "{ _service { sdl } }", variables={})
    assert not answer.errors
    sdl = answer.body()["data"]["_service"]["sdl"]
    assert 'type Product @key(fields: "id")' in sdl
    assert "directive @constraint" in sdl
    assert "@defer" not in sdl
    assert "@stream" not in sdl


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_entities_are_data(engine: str) -> None:
    """A frontend that does not show its schema resolves them for its router."""
    gateway = federated(engine=engine, introspection=False)
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Product { name } } }"
    answer = await ask(gateway, query, variables={"r": [{"__typename": "Product", "id": "7"}]})
    assert answer.body() == {"data": {"_entities": [{"__typename": "Product", "name": "name of 7"}]}}
    refused: Answer = await ask(gateway, "{ _service { sdl } }", variables={})
    assert refused.errors[0]["extensions"]["code"] == "INTROSPECTION_DISABLED"


def test_a_schema_that_is_not_federated() -> None:
    """Its SDL is printed in the same way."""
    schema = strawberry.Schema(hello.Query)
    make_frontend("app", Options.model_validate({"schema": "tests"}), schema)
    assert "@defer" not in print_sdl(schema)
    assert "hello(" in print_sdl(schema)
