"""What a GraphQL upstream is asked for follows the frontend's selection, in the upstream's words."""

from typing import Any

import pytest
import strawberry

from bff.authoring import argument, frontend, take, via
from connectors.contract import Selection
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

things = endpoint("up: things", {"first": False}, selects=True)
owner_of = batched("up: owner", parameter="owner_id", key="ownerId")


@strawberry.interface
class Animal:
    id: strawberry.ID
    owner_id: strawberry.Private[str]
    owner: str | None = via(owner_of, owner_id="owner_id")


@strawberry.type
class Dog(Animal):
    barks: bool

    @classmethod
    def is_type_of(cls, obj: Any, info: Any) -> bool:
        return isinstance(obj, cls)


@strawberry.type
class Cat(Animal):
    lives: int = take("life.count")


@strawberry.type
class Query:
    animals: list[Animal] = via(things, first=argument(int, 1))
    dogs: list[Dog] = via(things, first=argument(int, 1))


schema = frontend(query=Query, types=[Dog, Cat])


def selected(*fields: Any, on: Any = ()) -> Selection:
    return Selection(tuple((each, None) if isinstance(each, str) else each for each in fields), tuple(on))


LIFE = ("life", selected("count"))


@pytest.mark.parametrize(
    ("query", "selection"),
    [
        ("{ animals { id ... on Cat { lives } } }", selected("id", on=[("Cat", selected(LIFE))])),
        ("{ animals { owner } }", selected("ownerId")),
        ("{ animals { ...A ...A id } } fragment A on Animal { id ...B } fragment B on Animal { owner }",
         selected("id", "ownerId")),
        ("{ dogs { ... on Animal { id ... on Cat { lives } ... on Dog { barks } } } }", selected("id", "barks")),
        ("query ($no: Boolean = false) { dogs { id @skip(if: true) barks @include(if: $no) __typename } }",
         selected("__typename")),
    ],
)  # fmt: skip
async def test_the_selection_of_a_record(query: str, selection: Selection) -> None:
    """Fragments are merged, types told apart, keys of fetched fields added, skipped fields left out."""
    upstream = FakeUpstream(lambda call: [])
    answer = await ask(gateway(schema, up=upstream), query)
    assert not answer.errors
    assert [call.selection for call in upstream.calls] == [selection]


async def test_aliases_of_one_field_have_selections_of_their_own() -> None:
    """Neither gets the other's fields or arguments."""
    upstream = FakeUpstream(
        lambda call: [{"__typename": "Dog", "id": "1", "barks": True} for _ in range(call.arguments["first"])]
    )
    answer = await ask(gateway(schema, up=upstream), "{ a: dogs { id } b: dogs(first: 2) { barks } }")
    assert answer.data == {"a": [{"id": "1"}], "b": [{"barks": True}] * 2}
    asked = {(call.arguments["first"], call.selection) for call in upstream.calls}
    assert asked == {(1, selected("id")), (2, selected("barks"))}


async def test_a_private_key_comes_under_its_graphql_name() -> None:
    """`owner_id` is the upstream's `ownerId`, as it would be if it were shown."""
    upstream = FakeUpstream(lambda call: [{"ownerId": "o", "name": "Ann"}] if call.keys else [{"ownerId": "o"}])
    owners = batched("up: owner", parameter="owner_id", key="ownerId")

    @strawberry.type
    class Named:
        name: str

    @strawberry.type
    class Pet:
        owner_id: strawberry.Private[str]
        owner: Named | None = via(owners, owner_id="owner_id")

    @strawberry.type
    class Root:
        pets: list[Pet] = via(things)

    answer = await ask(gateway(frontend(query=Root), up=upstream), "{ pets { owner { name } } }")
    assert not answer.errors
    assert answer.data == {"pets": [{"owner": {"name": "Ann"}}]}
