"""Values that break a constraint are refused before anything runs, wherever they come from, with their path."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import msgspec
import pytest
import strawberry
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from bff.authoring import argument, constraint, frontend, via
from bff.authoring.strawberry_insides import core_schema
from bff.contract import Answer, Refused, Request
from bff.engine.prepare.plan import get_operation
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.validation.constraints import MAX_VIOLATIONS, ConstraintRule
from tests.bff.fakes import FakeUpstream, endpoint, gateway, stream

found = endpoint("shop: found", {"text": True})
ticks = stream("shop: ticks", {"sku": True})

Email = Annotated[str, constraint(format="email", max_length=40)]


@strawberry.input
class Item:
    email: Email | None = None
    amount: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    tags: Annotated[list[Annotated[str, msgspec.Meta(min_length=2)]], msgspec.Meta(max_length=3)] | None = None
    inner: list[Item] | None = None
    note: str | None = None


@strawberry.input
class Order:
    items: list[Item]
    code: str | None = strawberry.field(default=None, directives=[constraint(pattern="^[A-Z]+$")])


@strawberry.interface
class Node:
    @strawberry.field
    def label(self, width: Annotated[int, constraint(max=9)] = 1) -> str:
        return "x" * width


@strawberry.type
class Thing(Node):
    name: str = "thing"


@strawberry.type
class Query:
    search: str | None = via(found, text=argument(Annotated[str, constraint(max_length=5)]))

    @strawberry.field
    async def order(self, order: Order | None = None, number: int = 0) -> str:
        return await found(text="order") or ""

    @strawberry.field
    def free(self, text: str = "", items: list[str] | None = None) -> str:
        return text

    @strawberry.field
    def matrix(self, rows: Annotated[list[list[Annotated[int, constraint(min=0)]]], constraint(max_items=2)]) -> int:
        return len(rows)

    @strawberry.field
    def node(self) -> Node:
        return Thing()


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, name: Annotated[str, constraint(min_length=1)]) -> str:
        return name


@strawberry.type
class Subscription:
    tick: int = via(ticks, sku=argument(Annotated[str, constraint(pattern="^T-")]))

    @strawberry.subscription
    async def count(self, to: Annotated[int, constraint(max=3)]) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number


schema = frontend(query=Query, mutation=Mutation, subscription=Subscription, types=[Thing])
LONG = "abcdefgh"

REFUSED: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    ('{ search(text: "abcdefgh") }', {}, [("search", "text", "maxLength")]),
    ("query ($t: String!) { a: search(text: $t) }", {"t": LONG}, [("a", "text", "maxLength")]),
    ('query ($t: String! = "abcdefgh") { search(text: $t) }', {}, [("search", "text", "maxLength")]),
    (
        'query ($i: Item!) { order(order: {items: [{amount: 1}, $i], code: "a"}) }',
        {"i": {"email": "x", "amount": 0, "inner": [{"amount": 5}, {"tags": ["ab", "c"]}]}},
        [("order", "order.code", "pattern")],
    ),
    (
        "query ($i: Item!, $c: String) { order(order: {items: [{amount: 1}, $i], code: $c}) }",
        {"i": {"email": "x", "amount": 0, "inner": [{"amount": 5}, {"tags": ["ab", "c"]}]}, "c": "a"},
        [
            ("order", "order.items[1].email", "format"),
            ("order", "order.items[1].amount", "min"),
            ("order", "order.items[1].inner[1].tags[1]", "minLength"),
            ("order", "order.code", "pattern"),
        ],
    ),
    (
        "query ($o: Order!) { order(order: $o) }",
        {"o": {"items": {"tags": "x"}, "code": "A\n"}},  # single values stand for lists of one
        [("order", "order.items.tags", "minLength"), ("order", "order.code", "pattern")],
    ),
    (
        "query ($o: Order!) { order(order: $o) }",
        {"o": {"items": [{"tags": ["ab", "cd", "ef", "g"]}]}},
        [("order", "order.items[0].tags", "maxItems"), ("order", "order.items[0].tags[3]", "minLength")],
    ),
    ("{ matrix(rows: [[1], [2, -1], [3]]) }", {}, [("matrix", "rows", "maxItems"), ("matrix", "rows[1][1]", "min")]),
    ("query ($r: [Int!]!) { matrix(rows: [[1], $r]) }", {"r": [0, -1]}, [("matrix", "rows[1][1]", "min")]),
    ("query ($r: Int!) { matrix(rows: [[$r]]) }", {"r": -1}, [("matrix", "rows[0][0]", "min")]),
    ("{ node { label(width: 10) } }", {}, [("node.label", "width", "max")]),
    (
        "query ($w: Int!) { node { ... on Thing { wide: label(width: $w) } ...F } } fragment F on Node { label(width: $w) }",
        {"w": 10},
        [("node.wide", "width", "max"), ("node.label", "width", "max")],
    ),
    ("{ ...F free } fragment F on Query { search(text: \"abcdefgh\") @skip(if: true) }", {}, [("search", "text", "maxLength")]),
    ('mutation { rename(name: "") }', {}, [("rename", "name", "minLength")]),
    ('subscription { tick(sku: "x") }', {}, [("tick", "sku", "pattern")]),
    ("subscription ($to: Int!) { count(to: $to) }", {"to": 4}, [("count", "to", "max")]),
]  # fmt: skip


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(("query", "variables", "expected"), REFUSED)
async def test_what_breaks_a_constraint_is_refused(
    query: str, variables: dict[str, Any], expected: list[tuple[str, str, str]], engine: str
) -> None:
    """All of it at once, with the field, the path of the value and the rule; no upstream is called."""
    shop = FakeUpstream(lambda call: "found", events=[1])
    made = gateway(schema, options={"engine": engine}, shop=shop)
    for _ in range(2):  # a plan that is new, and one that is known
        answer = await made.answer(Request(frontend="app", query=query, variables=variables))
        assert isinstance(answer, Answer)
        body = answer.body()
        assert "data" not in body
        assert not answer.was_executed
        assert {each["extensions"]["code"] for each in body["errors"]} == {"BAD_USER_INPUT"}
        places = [
            (".".join(each["path"]), each["extensions"]["argument"], each["extensions"]["constraint"])
            for each in body["errors"]
        ]
        assert sorted(places) == sorted((path, text, rule) for path, text, rule in expected)
    assert not shop.calls


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ('{ search(text: "abcde") }', {}),
    ("query ($t: String!) { search(text: $t) }", {"t": "abcde"}),
    ("query ($t: String!) { order(order: {items: []}) free(text: $t) }", {"t": LONG}),
    ("query ($o: Order) { order(order: $o) }", {}),
    ("query ($o: Order) { order(order: $o) }", {"o": None}),
    ("query ($o: Order) { order(order: $o) }", {"o": {"items": [{"email": None}, {"email": "a@b.de", "tags": []}]}}),
    ('query ($c: String = "AB") { order(order: {items: [], code: $c}) }', {"c": None}),
    ("query ($o: Order!) { order(order: $o) }", {"o": {"items": [{"inner": [{"inner": [{"amount": 9}]}]}]}}),
    ("{ node { label } __schema { queryType { name } } }", {}),
]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(("query", "variables"), ACCEPTED)
async def test_what_keeps_them_runs(query: str, variables: dict[str, Any], engine: str) -> None:
    """Null and absent values are the type's business."""
    made = gateway(schema, options={"engine": engine}, shop=FakeUpstream(lambda call: "found"))
    answer = await made.answer(Request(frontend="app", query=query, variables=variables))
    assert isinstance(answer, Answer)
    assert not answer.errors


async def test_messages_are_plain() -> None:
    """They name the argument and the rule, and never the value."""
    made = gateway(schema, shop=FakeUpstream())
    query = "query ($t: String!) { search(text: $t) }"
    answer = await made.answer(Request(frontend="app", query=query, variables={"t": "abcdefgh"}))
    assert isinstance(answer, Answer)
    assert answer.body()["errors"] == [
        {
            "message": 'The argument "text" of "search" must have at most 5 characters, and has 8.',
            "path": ["search"],
            "extensions": {"code": "BAD_USER_INPUT", "argument": "text", "constraint": "maxLength"},
        }
    ]


@pytest.mark.parametrize("value", [[LONG], {"text": LONG}, 12345678, True])
async def test_another_type_is_left_to_coercion(value: Any) -> None:
    """Which refuses it in its own words."""
    made = gateway(schema, shop=FakeUpstream())
    query = "query ($t: String!) { search(text: $t) }"
    answer = await made.answer(Request(frontend="app", query=query, variables={"t": value}))
    assert isinstance(answer, Answer)
    error = answer.body()["errors"][0]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "$t" in error["message"]


def test_an_operation_without_constraints_has_no_check() -> None:
    """So that it costs nothing; nor does one whose values are all in the document."""
    rule = ConstraintRule(core_schema(schema))
    assert rule.is_needed
    for query, has_check in (
        ("query ($t: String!) { free(text: $t) }", False),
        ("query ($n: Int!) { order(number: $n) }", False),
        ('query ($n: String) { order(order: {items: [{note: $n, email: "a@b.de"}]}) }', False),
        ("query ($e: String) { order(order: {items: [{email: $e}]}) }", True),
    ):
        document = parse(query)
        assert (rule(document, get_operation(document, None)) is not None) == has_check


def test_a_schema_without_constraints_has_no_rule() -> None:
    """And its plans no check for them."""

    @strawberry.type
    class Plain:
        @strawberry.field
        def free(self, text: str = "") -> str:
            return text

    assert not ConstraintRule(core_schema(frontend(query=Plain))).is_needed


def test_errors_are_bounded_and_the_walk_ends_with_the_last() -> None:
    """However many values are wrong."""
    query = "query ($o: Order!) { order(order: $o) }"
    with pytest.raises(Refused) as refusal:
        APP.plans.prepare(query, None, {"o": {"items": [{"amount": 0}] * 900}})
    assert len(refusal.value.answer().errors) == MAX_VIOLATIONS


def _draw_items(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    values: dict[str, st.SearchStrategy[Any]] = {
        "email": st.sampled_from([None, "a@b.de", "x", f"{'a' * 40}@b.de"]),
        "amount": st.integers(-1, 11),
        "tags": st.none() | st.lists(st.sampled_from(["ab", "a", ""]), max_size=5) | st.sampled_from(["ab", "a"]),
        "inner": inner,
        "note": st.sampled_from(["", "some text"]),
    }
    return st.fixed_dictionaries({}, optional=values)


_FLAT = _draw_items(st.none())
_NESTED = _draw_items(st.none() | _FLAT | st.lists(_FLAT, max_size=2))
_ITEMS = _draw_items(st.none() | _NESTED | st.lists(_NESTED, max_size=2))
APP = make_frontend("app", Options.model_validate({"schema": "tests"}), schema)


def _find_expected(item: dict[str, Any], path: str) -> set[str]:
    """A straightforward check of an Item."""
    expected = set()
    email, amount, tags, inner = item.get("email"), item.get("amount", 1), item.get("tags"), item.get("inner")
    if email is not None and email != "a@b.de":
        expected.add(f"{path}.email")
    if not 1 <= amount <= 9:
        expected.add(f"{path}.amount")
    if isinstance(tags, str) and len(tags) < 2:
        expected.add(f"{path}.tags")
    if isinstance(tags, list):
        expected |= {f"{path}.tags"} if len(tags) > 3 else set()
        expected |= {f"{path}.tags[{number}]" for number, tag in enumerate(tags) if len(tag) < 2}
    if isinstance(inner, dict):
        expected |= _find_expected(inner, f"{path}.inner")
    for number, each in enumerate(inner if isinstance(inner, list) else ()):
        expected |= _find_expected(each, f"{path}.inner[{number}]")
    return expected


def _print_literal(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_print_literal(each)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_print_literal, value))}]"
    return msgspec.json.encode(value).decode()


@settings(deadline=None)
@given(st.lists(_ITEMS, max_size=2))
def test_it_finds_what_a_straightforward_check_finds(items: list[dict[str, Any]]) -> None:
    """In a variable, in parts of it and in the document alike."""
    expected = set[str]()
    for number, item in enumerate(items):
        expected |= _find_expected(item, f"order.items[{number}]")
    names = [f"i{number}" for number in range(len(items))]
    declared = f"({', '.join(f'${name}: Item!' for name in names)})" if names else ""
    parts = f"query {declared} {{ order(order: {{items: [{', '.join(f'${name}' for name in names)}]}}) }}"
    for query, variables in (
        ("query ($o: Order!) { order(order: $o) }", {"o": {"items": items}}),
        (parts, dict(zip(names, items, strict=True))),
        (f"{{ order(order: {{items: {_print_literal(items)}}}) }}", {}),
    ):
        found_paths = set[str]()
        try:
            APP.plans.prepare(query, None, variables)
        except Refused as refused:
            found_paths = {each["extensions"]["argument"] for each in refused.answer().errors}
        if len(expected) < MAX_VIOLATIONS:
            assert found_paths == expected
        else:
            assert len(found_paths) == MAX_VIOLATIONS
            assert found_paths <= expected
