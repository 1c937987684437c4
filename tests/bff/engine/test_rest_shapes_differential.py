"""Replies of shapes that real REST upstreams send: both engines answer the same, first and when they have seen some.

Names with dots, paths through lists, keys of other types, pages.
"""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
import strawberry

from bff.authoring import argument, frontend, take, via
from bff.upstreams import upstream as behind
from connectors.rest.connector import connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from connectors.rest.paging import by_cursor
from tests.bff.engine.comparing import asked, data_of, engines, same_errors
from tests.bff.fakes import upstream_of
from tests.serving import serving

api = rest("api")


@strawberry.type
class Part:
    """A record inside of another."""

    id: int
    note: str | None = None


@strawberry.type
class Note:
    """The same, of which less is selected."""

    note: str | None = None


@strawberry.type
class Row:
    """A record with odd names."""

    id: strawberry.ID
    plain: str | None = take("cfg.name")
    escaped: str | None = take(r"cfg\.name")
    tuple_: str | None = take(("labels", "app.io/name"))
    deep: str | None = take("labels.app.io/name")
    odata: str | None = take("@odata.id")
    names: list[str | None] | None = take("entry[].resource.name", default=None)
    parts: list[Part | None] | None = take("entry[].resource", default=None)
    joined: list[int] | None = take("a[].b[]", default=None)
    first: int | None = take("entry.0.resource.id")


parts_by_id = api.get(many="/keys/{n}?id={id}", key="id", batch="id")
parts_by_case = api.get(many="/keys/{n}?id={id}", key="id", batch="id", key_case="insensitive")
groups_by_id = api.get(many="/keys/{n}?id={id}", key="id", batch="id", group=True)


beds = api.get("/bed/{n}/{ward}/{bed}", many="/beds/{n}?at={ward}:{bed}", key=("ward", "at.bed"), batch=("ward", "bed"))


@strawberry.type
class Bed:
    """A record that is found by two values."""

    ward: str
    note: str | None = None


@strawberry.type
class Keyed:
    """A record that is found by its key."""

    id: strawberry.ID
    note: str | None = None


@strawberry.type
class Unkeyed:
    """The same, whose key nobody selects."""

    note: str | None = None


@strawberry.type
class Owner:
    """A record with a key of others, and the number of the reply that has them."""

    n: int
    key: strawberry.ID | None
    part: Keyed | None = via(parts_by_id, id="key", n="n")
    unkeyed: Unkeyed | None = via(parts_by_id, id="key", n="n")
    folded: Keyed | None = via(parts_by_case, id="key", n="n")
    group: list[Keyed] | None = via(groups_by_id, id="key", n="n")
    ward: str | None = None
    bed: Bed | None = via(beds, ward="ward", bed="key", n="n")


@strawberry.type
class Query:
    """The roots."""

    row: Row | None = via(api.get("/rows/{id}"), id=argument(int))
    parts: list[Part | None] | None = via(api.get("/parts/{id}", at="entry[].resource"), id=argument(int))
    required: list[Part] | None = via(api.get("/parts/{id}", at="entry[].resource"), id=argument(int))
    joined: list[Part] | None = via(api.get("/joined/{id}", at="a[].b[]"), id=argument(int))
    dotted: list[Part] | None = via(api.get("/dotted/{id}", at="odata.value"), id=argument(int))
    owners: list[Owner] | None = via(api.get("/owners/{id}"), id=argument(int))
    places: list[Owner] | None = via(api.get("/places/{id}"), id=argument(int))
    pages: list[Part | None] | None = via(api.get("/pages/{id}", at="rows", pages=by_cursor()), id=argument(int))
    notes: list[Note | None] | None = via(api.get("/pages/{id}", at="rows[]", pages=by_cursor()), id=argument(int))


ENTRIES: list[Any] = [
    [],
    None,
    [{"resource": {"id": 1, "name": "n", "note": None}}],
    [{"resource": {"id": 1}}, {}, {"resource": None}, None],
    [{"resource": {"id": "wrong"}}, 7],
    {"resource": {"id": 3, "name": "alone"}},
]
ROWS: list[dict[str, Any]] = [
    {"cfg": {"name": "in"}},
    {"cfg.name": "dotted"},
    {"cfg": {"name": "in"}, "cfg.name": "dotted"},
    {"cfg": None, "cfg.name": "dotted"},
    {"cfg": {}, "@odata.id": "o"},
    {"labels": {"app.io/name": "shop"}},
    {"labels": {"app": {"io/name": "other"}}},
    {"labels": 7, "a": [{"b": [1, 2]}, {"b": None}, {}, {"b": [3]}]},
    {"a": {"b": 5}},
    {"a": [], "labels": {"app.io/name": 5}},
]
PARTS: list[dict[str, Any]] = [{"entry": each} for each in ENTRIES]
JOINED: list[dict[str, Any]] = [
    {"a": [{"b": [{"id": 1}, {"id": 2}]}, {}, {"b": []}, {"b": [{"id": 3}]}]},
    {"a": None},
    {},
]
DOTTED: list[dict[str, Any]] = [{"odata": {"value": [{"id": 1}]}}, {"odata.value": [{"id": 2}]}, {"odata": {}}]
KEYS: list[list[dict[str, Any]]] = [
    [{"id": 7, "note": "a"}, {"id": 8, "note": "b"}],
    [{"id": "8", "note": "b"}, {"id": "7", "note": "a"}],
    [{"id": 7.0, "note": "a"}, {"id": 8}],
    [{"id": "7.00", "note": "a"}, {"id": "8", "note": "b"}],
    [{"id": "7.5", "note": "a"}, {"id": "8.0", "note": "b"}, {"id": "9.0", "note": "c"}],
    [{"id": True, "note": "wrong"}, {"id": "A", "note": "case"}, {"id": 99}],
    [{"id": 7, "note": "first"}, {"id": 7.0, "note": "second"}, {"id": "7"}],
    [{"id": 2**53 + 1, "note": "big"}, {"id": 2**53}],
    [{"id": None}, {}, {"id": "a"}, {"note": "none"}],
]
OWNERS = [
    [{"n": number, "key": key} for key in keys]
    for number in range(len(KEYS))
    for keys in ([7, 8], ["7", "8", "a"], [7, "7", True, 1, 2**53 + 1], ["A", str(2**53 + 1)])
]
BEDS = [{"ward": ward, "at": {"bed": bed}, "note": f"{ward}{bed}"} for ward in "ab" for bed in (1, 2.0, "3")]
PAGES: list[list[Any]] = [
    [{"rows": [{"id": 1}, {"id": 2, "note": None}], "next": 1}, {"rows": [{"id": 3, "note": "n"}]}],
    [{"rows": None, "next": 1}, {"rows": [{"id": 3}], "next": 2}, {"next": None}],
    [{"rows": [{"id": "wrong"}], "next": 1}, {"rows": [None, {"id": 2}]}],
    [{"rows": [{"id": 1}], "next": 1}, {"rows": [{"id": 2}], "next": 1}],
    [{"rows": [{"id": 1}], "next": 1}, {"rows": {"id": 2}}],
    [{"rows": None}],
    [{}],
]
REPLIES: dict[str, list[Any]] = {
    "pages": PAGES,
    "beds": [BEDS, [], BEDS[::-1]],
    "places": [
        [{"n": number, "ward": ward, "key": key} for ward in ("a", "b", None, "c") for key in (1, "2", 3)]
        for number in range(3)
    ],
    "keys": KEYS,
    "owners": OWNERS,
    "rows": [
        {"id": number, **row, "entry": entry}
        for number, (row, entry) in enumerate(itertools.product(ROWS, ENTRIES), start=1)
    ],
    "parts": PARTS,
    "joined": JOINED,
    "dotted": DOTTED,
}


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """Answers `/name/number` with that reply."""
    if scope["type"] == "http":
        _, name, number = scope["path"].split("/")
        reply = REPLIES[name][int(number)]
        if name == "pages":
            cursor = parse_qs(scope["query_string"].decode()).get("cursor", ["0"])[0]
            reply = reply[int(cursor)]
        body = json.dumps(reply).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


def through(url: str) -> behind.Upstream:
    """The upstream at this address."""
    options = Options.model_validate({"address": url})
    return upstream_of(connect("api", options), options)


@pytest.mark.parametrize(
    ("root", "selection", "name"),
    [
        ("row", "{id plain escaped tuple_ deep odata names parts{id note} joined first}", "rows"),
        ("row", "{plain}", "rows"),
        ("row", "{escaped tuple_}", "rows"),
        ("row", "{parts{id}}", "rows"),
        ("parts", "{id}", "parts"),
        ("required", "{id note}", "parts"),
        ("joined", "{id}", "joined"),
        ("dotted", "{id}", "dotted"),
        ("pages", "{id note}", "pages"),
        ("notes", "{note}", "pages"),
    ],
)
async def test_paths_and_pages(root: str, selection: str, name: str) -> None:
    """Through names with dots and through lists, over records that have them or do not, and over lists in pages."""
    text = f"query($id: Int!) {{ {root}(id: $id) {selection} }}"
    async with serving(upstream) as url:
        ours, theirs = engines(frontend(query=Query), through(url))
        seen = set()
        for number in [*range(len(REPLIES[name]))] * 2:
            expected = await asked(theirs, text, {"id": number}, may_be_internal=True)
            for _ in range(2):
                actual = await asked(ours, text, {"id": number}, may_be_internal=True)
                assert data_of(actual) == data_of(expected), REPLIES[name][number]
                assert same_errors(actual, expected), REPLIES[name][number]
            seen.add(data_of(expected))
    assert len(seen) > 1


async def test_what_paths_find() -> None:
    """The values themselves, once."""
    text = "query($id: Int!) { row(id: $id) { plain escaped tuple_ deep odata joined first } }"
    rows = [number * len(ENTRIES) + 2 for number in range(len(ROWS))]
    async with serving(upstream) as url:
        ours, _ = engines(frontend(query=Query), through(url))
        found = [(await asked(ours, text, {"id": number}))["data"]["row"] for number in rows]
    assert [each["plain"] for each in found[:4]] == ["in", "dotted", "in", None]
    assert [each["escaped"] for each in found[:4]] == [None, "dotted", "dotted", "dotted"]
    assert found[4]["odata"] == "o"
    assert (found[5]["tuple_"], found[5]["deep"]) == ("shop", "shop")
    assert (found[6]["tuple_"], found[6]["deep"]) == (None, "other")
    assert (found[7]["joined"], found[8]["joined"]) == ([1, 2, 3], [5])
    assert {each["first"] for each in found} == {1}


@pytest.mark.parametrize(
    "field", ["part{id note}", "unkeyed{note}", "folded{id}", "group{id note}", "part{id} group{id}"]
)
async def test_keys(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of other types than requested, in another case, twice, not requested, absent. Both engines count the same."""
    text = f"query($id: Int!) {{ owners(id: $id) {{key {field}}} }}"
    losses: list[tuple[str, str, int]] = []
    monkeypatch.setattr("connectors.reports._counters", {"losses": lambda *loss: losses.append(loss)})
    async with serving(upstream) as url:
        ours, theirs = engines(frontend(query=Query), through(url))
        seen = set()
        for number in [*range(len(OWNERS))] * 2:
            losses.clear()
            expected = await asked(theirs, text, {"id": number})
            lost = sorted(losses)
            for _ in range(2):
                losses.clear()
                actual = await asked(ours, text, {"id": number})
                assert data_of(actual) == data_of(expected), (OWNERS[number], KEYS[OWNERS[number][0]["n"]])
                assert same_errors(actual, expected)
                assert sorted(losses) == lost, (OWNERS[number], KEYS[OWNERS[number][0]["n"]])
            seen.add(data_of(expected))
    assert len(seen) > 10


async def test_keys_of_several_parts() -> None:
    """One batch for all; the records go to the keys whose parts they have."""
    text = "query($id: Int!) { places(id: $id) {ward key bed{ward note}} }"
    async with serving(upstream) as url:
        ours, theirs = engines(frontend(query=Query), through(url))
        for number in range(3):
            expected = await asked(theirs, text, {"id": number})
            for _ in range(3):
                actual = await asked(ours, text, {"id": number})
                assert data_of(actual) == data_of(expected)
                assert same_errors(actual, expected)
        found = [each["bed"] and each["bed"]["note"] for each in expected["data"]["places"]]
    assert found == ["a1", "a2.0", "a3", "b1", "b2.0", "b3", None, None, None, None, None, None]
