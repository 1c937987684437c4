"""What upstreams lack: absent, null and empty, at every depth, where a field has a default and where it has none.

Both engines, and our engine's two ways of reading replies, give the same.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import strawberry

from bff.authoring import computed, frontend, take, via
from bff.contract import Request
from connectors.contract import Call, Reply
from connectors.forms import fit_json
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway, stream

row_of = endpoint("shop: row")
rows_of = endpoint("shop: rows", at="rows")
tag_of = batched("shop: tag")
ticks_of = stream("shop: ticks")


@strawberry.type
class Inner:
    names: list[str]
    label: str | None = "inner"


@strawberry.type
class Tag:
    id: int
    text: str = "none"


@strawberry.type
class Row:
    tags: list[str] = strawberry.field(default_factory=list)
    n: int = 5
    maybe: int | None = 6
    ratio: float | None = 2.5
    deep_tags: list[str] = take("meta.tags", default_factory=lambda: ["d"])
    deep_n: int = take("meta.n", default=7)
    other: str = take("odd name", default="o")
    items: list[Inner] = strawberry.field(default_factory=list)
    nested: list[list[int]] = strawberry.field(default_factory=list)
    tag_id: int | None = None
    tag: Tag = via(tag_of, id="tag_id", default=lambda: Tag(id=0))
    again: Tag | None = via(tag_of, id="tag_id", default={"id": 9})

    @computed(needs=("tag", "n"))
    def summary(self) -> str:
        return f"{self.tag.id} {self.tag.text} {self.n}"


@strawberry.type
class Bare:
    """Lists without defaults."""

    names: list[str]
    inner: list[Inner]
    lists: list[list[int]]
    maybe: list[str] | None


@strawberry.type
class Payload:
    bare: Bare


@strawberry.type
class Query:
    row: Row | None = via(row_of)
    row_or: Row = via(row_of, default={"n": 3})
    rows: list[Row] = via(rows_of, default=list)
    bare: Bare | None = via(row_of)
    bares: list[Bare] = via(rows_of)
    strings: list[str] = via(rows_of)

    @strawberry.field
    async def resolved(self) -> Bare:
        return await row_of()

    @strawberry.field
    async def resolved_list(self) -> list[Bare]:
        return [await row_of()]

    @strawberry.field
    async def payload(self) -> Payload:
        return Payload(bare=await row_of())


@strawberry.type
class Subscription:
    ticks: Bare = via(ticks_of)


schema = frontend(query=Query, subscription=Subscription)
ALL = "tags n maybe ratio deepTags deepN other items { names } nested tag { id text } again { id } summary"
DEFAULTS = {
    "tags": [],
    "n": 5,
    "maybe": 6,
    "ratio": 2.5,
    "deepTags": ["d"],
    "deepN": 7,
    "other": "o",
    "items": [],
    "nested": [],
    "tag": {"id": 0, "text": "none"},
    "again": {"id": 9},
    "summary": "0 none 5",
}


def sends(data: Any) -> FakeUpstream:
    """An upstream that answers as a connector of JSON does; a batch is of unknown keys, but for 1."""

    def answer(call: Call) -> Reply:
        found = [{"id": 1, "text": None}] if call.keys else data
        return Reply(json.dumps(found).encode(), decode=msgspec.json.decode, fit=_fit)

    return FakeUpstream(answer)


def _fit(form: Any, body: bytes, at: tuple[str, ...]) -> Any:
    return fit_json(form, body, at)


async def asked(query: str, data: Any, engine: Any, *, empty_lists: bool = False) -> Any:
    """The answer, the same the second time, when replies may be read in another way."""
    upstream = sends(data)
    upstream.has_empty_lists = empty_lists
    app = gateway(schema, options={"engine": engine}, shop=upstream)
    answers = [json.loads(msgspec.json.encode((await ask(app, query)).body())) for _ in range(4)]
    assert answers[0].get("data") == answers[1].get("data") == answers[2].get("data") == answers[3].get("data")
    return answers[0]


ENGINES = pytest.mark.parametrize("engine", ["compiled", "reference"])


@ENGINES
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"meta": None},
        {"meta": {}, "tagId": 2},
        dict.fromkeys(["tags", "n", "maybe", "ratio", "meta", "odd name", "items", "nested", "tagId", "tag_id"]),
        {"meta": {"tags": None, "n": None}, "deep_n": None},
    ],
)
async def test_a_default_holds_for_what_is_absent_and_null(data: Any, engine: Any) -> None:
    """At the top and below a path, for leaves, lists and fetched fields, and for what is computed of them."""
    assert await asked(f"{{ row {{ {ALL} }} }}", data, engine) == {"data": {"row": DEFAULTS}}
    assert await asked(f"{{ rows {{ {ALL} }} }}", {"rows": [data, {}]}, engine) == {"data": {"rows": [DEFAULTS] * 2}}


@ENGINES
async def test_a_default_does_not_replace_what_is_empty(engine: Any) -> None:
    """Neither an empty list, nor an empty text, nor zero."""
    data = {"tags": [], "n": 0, "meta": {"tags": [], "n": 0}, "odd name": "", "items": [], "ratio": 0, "tagId": 1}
    answer = await asked("{ row { tags n deepTags deepN other items { names } ratio tag { id text } } }", data, engine)
    assert answer == {
        "data": {
            "row": {
                "tags": [],
                "n": 0,
                "deepTags": [],
                "deepN": 0,
                "other": "",
                "items": [],
                "ratio": 0.0,
                "tag": {"id": 1, "text": "none"},
            }
        }
    }


@ENGINES
@pytest.mark.parametrize("data", [{}, {"rows": None}])
async def test_the_default_of_via_holds_for_what_is_absent_and_null(data: Any, engine: Any) -> None:
    """Without being degraded: the upstream did not fail."""
    assert await asked("{ rows { n } }", data, engine) == {"data": {"rows": []}}
    assert await asked("{ rowOr { n } }", None, engine) == {"data": {"rowOr": {"n": 3}}}


ABSENT = [{}, {"names": None, "inner": None, "lists": None}, {"names": [], "inner": [], "lists": []}]


@ENGINES
@pytest.mark.parametrize("data", ABSENT)
@pytest.mark.parametrize("field", ["bare", "resolved", "resolvedList", "payload"])
async def test_absent_lists_are_empty_by_choice_of_the_upstream(field: str, data: Any, engine: Any) -> None:
    """Where the schema wants a list; null stays null where it may be. Whatever the position."""
    bare = "{ names inner { names label } lists maybe }"
    query = f"{{ {field} {f'{{ bare {bare} }}' if field == 'payload' else bare} }}"
    expected: Any = {"names": [], "inner": [], "lists": [], "maybe": None}
    expected = {"bare": expected} if field == "payload" else [expected] if field == "resolvedList" else expected
    assert await asked(query, data, engine, empty_lists=True) == {"data": {field: expected}}


@ENGINES
async def test_absent_lists_are_empty_at_every_depth(engine: Any) -> None:
    """In records of lists, in lists of lists, and the list that is the whole reply."""
    data = {"rows": [{"inner": [{}, {"names": None, "label": None}], "lists": [None, [1]]}]}
    answer = await asked("{ bares { names inner { names label } lists } }", data, engine, empty_lists=True)
    inner = [{"names": [], "label": "inner"}] * 2
    assert answer == {"data": {"bares": [{"names": [], "inner": inner, "lists": [[], [1]]}]}}
    for nothing in ({}, {"rows": None}):
        assert await asked("{ strings bares { names } }", nothing, engine, empty_lists=True) == {
            "data": {"strings": [], "bares": []}
        }


@ENGINES
async def test_absent_lists_are_errors_otherwise(engine: Any) -> None:
    """With a code and the place."""
    answer = await asked("{ bare { names } }", {}, engine)
    assert answer["data"] == {"bare": None}
    assert answer["errors"][0]["extensions"]["code"] == "UNEXPECTED_NULL"
    assert answer["errors"][0]["path"] == ["bare", "names"]


async def test_absent_lists_of_events() -> None:
    """An event is a reply like another."""
    upstream = FakeUpstream(events=[{"names": None}, {}])
    upstream.has_empty_lists = True
    app = gateway(schema, shop=upstream)
    started: Any = await app.answer(Request(frontend="app", query="subscription { ticks { names lists } }"))
    seen = [each.data async for each in started]
    assert seen == [{"ticks": {"names": [], "lists": []}}] * 2
