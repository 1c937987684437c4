"""Input objects and arguments: left out is left out upstream, null is null, by the names of the schema."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest
import strawberry
import strawberry.pydantic

from bff.authoring import argument, frontend, replace, take, via
from bff.authoring.inputs import adopt_inputs
from bff.authoring.strawberry_insides import core_schema
from connectors.plain import to_plain
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway

save = endpoint("shop: save", {"change": False, "n": False})
save_list = endpoint("shop: save", {"changes": True})


@strawberry.input
class Part:
    street_name: str
    flat: strawberry.Maybe[str | None]


@strawberry.input
class Change:
    full_name: str
    nick: strawberry.Maybe[str | None]
    unset: str | None = strawberry.UNSET
    none: str | None = None
    bare: str | None
    size: int = 5
    zip_code: str | None = strawberry.field(name="postalCODE", default=strawberry.UNSET)
    part: Part | None = None
    parts: list[Part | None] | None = None
    secret: strawberry.Private[int] = 3


@strawberry.pydantic.input
class Form(pydantic.BaseModel):
    first_name: str
    nick_name: str | None = None


@strawberry.type
class Query:
    by_via: int = via(save, change=argument(Change))
    by_list: int = via(save_list, changes=argument(list[Change]))
    by_form: int = via(save, change=argument(Form))
    optional: int = via(save, n=argument(int | None, None))
    unset: int = via(save, n=argument(int | None, strawberry.UNSET))
    maybe: int = via(save, n=argument(strawberry.Maybe[int | None]))
    fixed: int = via(save, n=argument(int | None, 7))

    @strawberry.field
    async def by_resolver(self, change: Change) -> int:
        return (await save(change=change)).data

    @strawberry.field
    async def by_hand(self, change: Change) -> int:
        return (await save(change={"nested": [change], "nick": change.nick, "unset": change.unset})).data

    @strawberry.field
    async def by_replacing(self, change: Change) -> int:
        return (await save(change=replace(change, bare="new"))).data

    @strawberry.field
    async def by_argument(self, n: int | None = strawberry.UNSET) -> int:
        return (await save(n=n)).data


schema = frontend(query=Query)


async def sent(query: str, engine: Any = "compiled", **variables: Any) -> Any:
    upstream = FakeUpstream(lambda call: 1)
    answer = await ask(gateway(schema, options={"engine": engine}, shop=upstream), query, **variables)
    assert not answer.errors
    (call,) = upstream.calls
    return call.arguments


GIVEN = {
    "": {},
    "nick: null, unset: null, none: null, bare: null, postalCODE: null": {
        "nick": None,
        "unset": None,
        "none": None,
        "bare": None,
        "postalCODE": None,
    },
    'nick: "n", none: "x", size: 9, postalCODE: "z"': {"nick": "n", "none": "x", "size": 9, "postalCODE": "z"},
    'part: {streetName: "s"}, parts: [{streetName: "t", flat: null}, null]': {
        "part": {"streetName": "s"},
        "parts": [{"streetName": "t", "flat": None}, None],
    },
}


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("field", ["byVia", "byResolver"])
@pytest.mark.parametrize("given", GIVEN)
async def test_fields_that_are_left_out_are_left_out(field: str, given: str, engine: Any) -> None:
    """However their author says that they may be; defaults other than None are values."""
    expected = {"fullName": "f", "size": 5, **GIVEN[given]}
    assert await sent(f'{{ {field}(change: {{fullName: "f" {given}}}) }}', engine) == {"change": expected}


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_lists_of_inputs_and_parts_by_hand(engine: Any) -> None:
    """Each item by itself; what an author puts together of them has the same rule."""
    query = '{ byList(changes: [{fullName: "a"}, {fullName: "b", nick: null}]) }'
    expected = [{"fullName": "a", "size": 5}, {"fullName": "b", "size": 5, "nick": None}]
    assert await sent(query, engine) == {"changes": expected}
    assert await sent('{ byHand(change: {fullName: "f", nick: null}) }', engine) == {
        "change": {"nested": [{"fullName": "f", "size": 5, "nick": None}], "nick": None}
    }
    variables = {"c": {"fullName": "v", "none": None}}
    asked = await sent("query ($c: Change!) { byVia(change: $c) }", engine, **variables)
    assert asked == {"change": {"fullName": "v", "size": 5, "none": None}}


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("field", ["optional", "unset", "maybe", "byArgument"])
async def test_arguments_that_are_left_out_are_left_out(field: str, engine: Any) -> None:
    """Of `via` and of resolvers; null is null."""
    assert await sent(f"{{ {field} }}", engine) == {}
    assert await sent(f"{{ {field}(n: null) }}", engine) == {"n": None}
    assert await sent(f"{{ {field}(n: 3) }}", engine) == {"n": 3}
    assert await sent(f"query ($n: Int) {{ {field}(n: $n) }}", engine) == {}


async def test_other_defaults_are_values() -> None:
    """They are the gateway's own, and the frontend sees them."""
    assert await sent("{ fixed }") == {"n": 7}
    assert "optional(n: Int): Int!" in schema.as_str()


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_pydantic_inputs_know_what_was_given(engine: Any) -> None:
    """By their `model_fields_set`."""
    assert await sent('{ byForm(change: {firstName: "f"}) }', engine) == {"change": {"firstName": "f"}}


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_replacing_keeps_what_was_left_out(engine: Any) -> None:
    """And what it changes is given, by the names of the schema."""
    found = await sent('{ byReplacing(change: { fullName: "a", nick: null }) }', engine)
    assert found == {"change": {"fullName": "a", "nick": None, "bare": "new", "size": 5}}


def test_replacing_what_an_author_made() -> None:
    """As `dataclasses.replace`."""
    made = replace(Part(street_name="a", flat=None), street_name="b")
    assert to_plain(made) == {"streetName": "b"}
    with pytest.raises(TypeError):
        replace(made, no_field=1)


async def test_null_for_a_maybe_without_null_is_refused() -> None:
    """By strawberry's rule, before anything runs."""

    @strawberry.input
    class Strict:
        nick: strawberry.Maybe[str]

    @strawberry.type
    class Root:
        save: int = via(save, change=argument(Strict))

    upstream = FakeUpstream(lambda call: 1)
    answer = await ask(gateway(frontend(query=Root), shop=upstream), "{ save(change: {nick: null}) }")
    assert "cannot be explicitly set to null" in answer.errors[0]["message"]
    assert not upstream.calls


def test_an_object_that_an_author_made() -> None:
    """All of it is given, except what is UNSET and a Maybe that is None."""
    change = Change(full_name="f", nick=None, bare=None)
    assert to_plain(change) == {"fullName": "f", "none": None, "bare": None, "size": 5, "part": None, "parts": None}
    change = Change(full_name="f", nick=strawberry.Some("n"), bare="b", zip_code="1")
    assert to_plain(change)["nick"] == "n"
    assert to_plain(change)["postalCODE"] == "1"


def test_a_global_id_goes_out_as_the_id_that_upstreams_know() -> None:
    """Which is not the one that frontends see."""
    assert to_plain(strawberry.relay.GlobalID("Product", "7")) == "7"


def test_adopting_again_changes_nothing() -> None:
    """A schema may be adopted by several frontends."""
    before = schema.as_str()
    adopt_inputs(core_schema(schema))
    assert schema.as_str() == before


def test_take_names_the_fields_of_an_input_upstream() -> None:
    """Also deeper."""

    @strawberry.input
    class Search:
        words: str = take("query.text")
        most: int = take("query.limit")
        page_size: int

    assert to_plain(Search(words="x", most=3, page_size=7)) == {"query": {"text": "x", "limit": 3}, "pageSize": 7}
