"""Fields by a list of keys: in order, one call for all objects, however the answers come; both engines alike."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import strawberry

from bff.authoring import argument, computed, frontend, via
from connectors.contract import Call, Reply
from connectors.errors import UpstreamTimeout
from connectors.forms import fit_json
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

boxes = endpoint("shop: boxes")
tag = batched("tags: tag", single=True)
in_order = batched("tags: in order", key="")
notes = batched("tags: notes", group=True, key="tagId")
localized = batched("tags: localized")
localized.parameters["lang"] = False


@strawberry.type
class Tag:
    id: int
    text: str


@strawberry.type
class Note:
    text: str


@strawberry.type
class Box:
    id: int
    tag_ids: list[int | None] | None
    lang: str | None = None
    hidden: strawberry.Private[list[int] | None] = None
    tags: list[Tag] = via(tag, id="tag_ids", default=list)
    nullable: list[Tag | None] | None = via(tag, id="tag_ids")
    ordered: list[Tag | None] = via(in_order, id="tag_ids", default=list)
    notes: list[Note] = via(notes, id="tag_ids", default=list)
    localized: list[Tag] = via(localized, id="tag_ids", lang="lang", default=list)
    private: list[Tag] | None = via(tag, id="hidden")

    @computed(needs="tags")
    def texts(self) -> str:
        return ",".join(each.text for each in self.tags)


@strawberry.type
class Query:
    boxes: list[Box] = via(boxes)
    chosen: list[Tag] = via(tag, id=argument(list[int]))
    or_none: list[Tag | None] | None = via(tag, id=argument(list[int] | None, None))


schema = frontend(query=Query)
patient_of = batched("tags: patient", parameter="ward", key="ward", parts={"ward": ("ward",), "bed": ("bed",)})
patient_of.parameters["bed"] = True


@strawberry.type
class Patient:
    name: str


@strawberry.type
class Stay:
    ward: str
    bed: int | None
    patient: Patient | None = via(patient_of, ward="ward", bed="bed")
    other: Patient | None = via(patient_of, ward="ward", bed=argument(int))


@strawberry.type
class Hospital:
    @strawberry.field
    def stays(self) -> list[Stay]:
        return [Stay(ward="a", bed=1), Stay(ward="b", bed=1), Stay(ward="a", bed=None)]


hospital = frontend(query=Hospital)
ENGINES = pytest.mark.parametrize("engine", ["compiled", "reference"])
BOXES: list[Any] = [
    {"id": 1, "tagIds": [3, 1, 2, 1], "hidden": [1]},
    {"id": 2, "tagIds": []},
    {"id": 3, "tagIds": None},
    {"id": 4, "tagIds": [9, None, 2]},
]


def a_tag(key: Any) -> Any:
    return None if key == 9 else {"id": key, "text": f"t{key}", "tagId": key}


def answer(call: Call) -> Any:
    if call.operation.name == "boxes":
        found: Any = BOXES
    elif not call.keys:
        found = a_tag(call.arguments["id"])
    elif call.operation.name == "notes":
        found = [{"tagId": key, "text": f"{key}{end}"} for end in "ab" for key in call.keys if key != 9]
    else:
        found = list(map(a_tag, call.keys))
        found = found if call.operation.name == "in order" else [each for each in reversed(found) if each]
    return Reply(
        json.dumps(found).encode(), decode=msgspec.json.decode, fit=lambda form, body, at: fit_json(form, body, at)
    )


async def asked(query: str, engine: Any, tags: Any = answer) -> tuple[Any, list[Any]]:
    """The answer and the keys of each call; later requests, whose replies may be read in another way, have the same."""
    upstreams = {"shop": FakeUpstream(answer), "tags": FakeUpstream(tags)}
    app = gateway(schema, options={"engine": engine}, **upstreams)
    first = (await ask(app, query)).body()
    calls = [call.keys or call.arguments for call in upstreams["tags"].calls]
    for _ in range(3):
        again = (await ask(app, query)).body()
        assert msgspec.json.encode(again.get("data")) == msgspec.json.encode(first.get("data"))
    return first, calls


def column(body: Any, name: str) -> list[Any]:
    assert not body.get("errors"), body
    return [each[name] for each in body["data"]["boxes"]]


def tags(*ids: int | None) -> list[Any]:
    return [id_ and {"id": id_, "text": f"t{id_}"} for id_ in ids]


@ENGINES
async def test_the_records_of_each_list_in_its_order(engine: Any) -> None:
    """One call for all objects, each key once; what is missing is left out where it may not be null."""
    body, calls = await asked("{ boxes { tags { id text } } }", engine)
    assert column(body, "tags") == [tags(3, 1, 2, 1), [], [], tags(2)]
    assert calls == [(3, 1, 2, 9)]


@ENGINES
async def test_missing_records_are_null_where_they_may_be(engine: Any) -> None:
    """Of keys without a record, and of keys that are null; a list that is null is null."""
    body, _ = await asked("{ boxes { nullable { id text } tagIds } }", engine)
    assert column(body, "nullable") == [tags(3, 1, 2, 1), [], None, [None, None, *tags(2)]]


@ENGINES
@pytest.mark.parametrize("field", ["ordered", "localized"])
async def test_other_forms_of_batches(field: str, engine: Any) -> None:
    """Answers in the order of the keys, and calls with another argument, which are made for each object."""
    body, calls = await asked(f"{{ boxes {{ {field} {{ id text }} }} }}", engine)
    last = [None, None, *tags(2)] if field == "ordered" else tags(2)
    if field == "localized":
        assert column(body, field) == [[], [], [], []]  # `lang` is null, so nothing is requested
    else:
        assert column(body, field) == [tags(3, 1, 2, 1), [], [], last]
        assert calls == [(3, 1, 2, 9)]


@ENGINES
async def test_lists_of_lists_are_joined(engine: Any) -> None:
    """Where each key has a list of its own."""
    body, calls = await asked("{ boxes { notes { text } } }", engine)
    texts = [[each["text"] for each in notes_] for notes_ in column(body, "notes")]
    assert texts == [["3a", "3b", "1a", "1b", "2a", "2b", "1a", "1b"], [], [], ["2a", "2b"]]
    assert len(calls) == 1


@ENGINES
async def test_keys_of_a_private_field_and_what_is_computed(engine: Any) -> None:
    """They are attributes like others."""
    body, calls = await asked("{ boxes { private { id } texts } }", engine)
    assert column(body, "private") == [[{"id": 1}], None, None, None]
    assert column(body, "texts") == ["t3,t1,t2,t1", "", "", "t2"]
    assert len(calls) <= 2


@ENGINES
async def test_keys_that_a_frontend_chooses(engine: Any) -> None:
    """`tags(id: [2, 9, 1])`."""
    body, calls = await asked("{ chosen(id: [2, 9, 1]) { id text } orNone { id } }", engine)
    assert body == {"data": {"chosen": tags(2, 1), "orNone": None}}
    assert [set(each) for each in calls] == [{2, 9, 1}]


@ENGINES
async def test_a_failed_call_fails_the_field_and_not_each_item(engine: Any) -> None:
    """So that there is one error, and a default holds."""

    def fail(call: Call) -> Any:
        return UpstreamTimeout(call.operation, "late")

    body, _ = await asked("{ boxes { id tags { id } nullable { id } } }", engine, tags=fail)
    assert [each["tags"] for each in body["data"]["boxes"]] == [[], [], [], []]
    assert [each["path"] for each in body["errors"]] == [["boxes", 0, "nullable"], ["boxes", 3, "nullable"]]


@ENGINES
async def test_one_id_instead_of_a_list_is_a_list_of_one(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Upstreams that write single items without their list are common; what cannot be a key is an error of its item."""
    monkeypatch.setitem(BOXES[1], "tagIds", 2)
    body, _ = await asked("{ boxes { tags { id text } } }", engine)
    assert column(body, "tags")[1] == tags(2)


@ENGINES
async def test_keys_of_two_parts_are_batched(engine: Any) -> None:
    """`via(patient, ward="ward", bed="bed")`, and with one part that a frontend chooses."""
    upstream = FakeUpstream(lambda call: [{"ward": w, "bed": b, "name": f"{w}{b}"} for w, b in reversed(call.keys)])
    app = gateway(hospital, options={"engine": engine}, tags=upstream)
    for _ in range(2):
        body = (await ask(app, "{ stays { patient { name } other(bed: 7) { name } } }")).body()
        assert body == {
            "data": {
                "stays": [
                    {"patient": {"name": "a1"}, "other": {"name": "a7"}},
                    {"patient": {"name": "b1"}, "other": {"name": "b7"}},
                    {"patient": None, "other": {"name": "a7"}},
                ]
            }
        }
    assert sum(len(call.keys) for call in upstream.calls) == 8
    assert len(upstream.calls) <= 4
