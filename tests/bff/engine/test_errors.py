"""What goes wrong while a request runs is told with a code and at its path, and never with a value of an upstream."""

from datetime import date
from enum import Enum
from typing import Annotated, Any, NewType

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from bff.authoring import frontend, via
from bff.contract import Answer, Refused, Request
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway

thing = endpoint("shop: thing")
SECRET = "s3cret-value"
Odd = NewType("Odd", str)


@strawberry.enum
class Size(Enum):
    SMALL = "s"


@strawberry.type
class Dog:
    barks: bool


@strawberry.type
class Cat:
    lives: int

    @classmethod
    def is_type_of(cls, obj: Any, info: Any) -> bool:
        return isinstance(obj, cls)


@strawberry.type
class Query:
    number: int | None = via(thing)
    numbers: list[int] | None = via(thing)
    real: float | None = via(thing)
    flag: bool | None = via(thing)
    text: str | None = via(thing)
    size: Size | None = via(thing)
    day: date | None = via(thing)
    odd: Odd | None = via(thing)
    dog: Dog | None = via(thing)
    dogs: list[Dog] | None = via(thing)
    cat: Cat | None = via(thing)
    pet: Dog | Cat | None = via(thing)

    @strawberry.field
    def raw_odd(self) -> Odd | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def raw_day(self) -> date | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def raw_cat(self) -> Cat | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def raw_pet(self) -> Dog | Cat | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def told(self) -> int | None:
        raise GraphQLError("Choose another day.", extensions={"code": "TAKEN", "day": 3})

    @strawberry.field
    def refused(self) -> int | None:
        raise Refused("NOT_NOW", "Come back later.")


def _parse(text: str) -> str:
    raise ValueError(text)


odd = strawberry.scalar(name="Odd", parse_value=_parse, serialize=_parse)
config = StrawberryConfig(scalar_map={Odd: odd})
schema = frontend(query=Query, config=config)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", SECRET),
        ("numbers", [SECRET]),
        ("numbers", SECRET),
        ("numbers", {SECRET: SECRET}),
        ("real", SECRET),
        ("flag", SECRET),
        ("text", {SECRET: SECRET}),
        ("text", [SECRET]),
        ("size", SECRET),
        ("day", SECRET),
        ("odd", SECRET),
        ("dog { barks }", SECRET),
        ("dog { barks }", {"barks": SECRET}),
        ("dogs { barks }", {"barks": SECRET}),
        ("dogs { barks }", [SECRET]),
        ("pet { ... on Dog { barks } }", {"x": SECRET}),
        ("pet { ... on Dog { barks } }", SECRET),
    ],
)
async def test_a_value_that_does_not_fit_is_never_shown(field: str, value: Any) -> None:
    """It is the upstream's fault, at the field's path, in words without the value."""
    answer = await ask(gateway(schema, shop=FakeUpstream(lambda call: value)), f"{{ {field} }}")
    assert SECRET not in str(answer.body())
    assert answer.errors[0]["path"][0] == field.partition(" ")[0]
    assert answer.errors[0]["extensions"]["code"] in {"INVALID_VALUE", "UPSTREAM_BAD_REPLY", "UNEXPECTED_NULL"}


@pytest.mark.parametrize("field", ["rawOdd", "rawDay", "rawCat { lives }", "rawPet { __typename }"])
async def test_a_value_that_a_resolver_gets_wrong_is_never_shown(field: str) -> None:
    """Whatever the executor or a scalar says of it."""
    answer = await ask(gateway(schema), f"{{ {field} }}")
    assert SECRET not in str(answer.body())
    assert answer.errors[0]["extensions"]["code"] in {"INVALID_VALUE", "INTERNAL"}


async def test_nulls_inside_of_lists_have_their_own_path() -> None:
    """`[Int!]` with a null in it."""
    answer = await ask(gateway(schema, shop=FakeUpstream(lambda call: [1, None])), "{ numbers }")
    assert answer.errors[0]["extensions"] == {"code": "UNEXPECTED_NULL"}
    assert answer.errors[0]["path"] == ["numbers", 1]


async def test_what_an_author_says_is_kept() -> None:
    """The message and extensions of a GraphQLError, the code of a Refused."""
    answer = await ask(gateway(schema), "{ told refused }")
    by_path = {error["path"][0]: error for error in answer.errors}
    assert by_path["told"]["message"] == "Choose another day."
    assert by_path["told"]["extensions"] == {"code": "TAKEN", "day": 3}
    assert by_path["refused"]["message"] == "Come back later."
    assert by_path["refused"]["extensions"] == {"code": "NOT_NOW"}


async def test_what_an_author_says_has_a_request_id() -> None:
    """As other coded errors have it; an author's own is kept."""
    request = Request(frontend="app", query="{ told }", headers={"x-request-id": "7f3c"})
    answer = await gateway(schema).answer(request)
    assert isinstance(answer, Answer)
    assert answer.errors[0]["extensions"] == {"code": "TAKEN", "requestId": "7f3c", "day": 3}


async def test_an_extension_that_breaks_is_masked() -> None:
    """Its error has no path, yet it is not the frontend's fault, and its words are for the log."""

    class Broken(SchemaExtension):
        async def on_execute(self) -> Any:
            if SECRET:
                raise ValueError(SECRET)
            yield

    app = gateway(frontend(query=Query, config=config, extensions=[Broken]))
    answer = await ask(app, "{ __typename }")
    assert SECRET not in str(answer.body())
    assert answer.errors[0]["extensions"]["code"] == "INTERNAL"


async def test_rules_of_an_authors_extension_are_heeded() -> None:
    """Plans are validated once, but not in place of what the author added."""
    from graphql import NoSchemaIntrospectionCustomRule
    from strawberry.extensions import AddValidationRules

    app = gateway(
        frontend(query=Query, config=config, extensions=[lambda: AddValidationRules([NoSchemaIntrospectionCustomRule])])
    )
    answer = await ask(app, "{ __schema { queryType { name } } }")
    assert answer.data is None
    assert "introspection" in answer.errors[0]["message"]


async def test_an_input_object_that_takes_one_field_refuses_two() -> None:
    """strawberry's own rule for @oneOf."""

    @strawberry.input(one_of=True)
    class By:
        id: strawberry.Maybe[int]
        name: strawberry.Maybe[str]

    @strawberry.type
    class Root:
        @strawberry.field
        def find(self, by: By) -> int:
            return 1

    answer = await ask(gateway(frontend(query=Root)), '{ find(by: { id: 1, name: "x" }) }')
    assert not answer.was_executed
    assert answer.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_advice_for_the_developer_stays_in_the_log() -> None:
    """A union of which a record's type cannot be told: the frontend reads a code."""

    @strawberry.type
    class Cat:
        name: str

    @strawberry.type
    class Dog:
        name: str

    @strawberry.type
    class Root:
        @strawberry.field
        async def pet(self) -> Annotated[Cat | Dog, strawberry.union("Pet")] | None:
            return await thing()

    answer = await ask(
        gateway(frontend(query=Root), shop=FakeUpstream(lambda call: {"name": "x"})), "{ pet { __typename } }"
    )
    assert answer.errors[0]["message"] == "A service sent an object of Pet without saying of which type."
    assert answer.errors[0]["extensions"]["code"] == "INVALID_VALUE"
