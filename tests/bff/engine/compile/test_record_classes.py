"""Records that stay in an answer which is only written as JSON, because written they are the response already."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any, NewType

import pytest
import strawberry

from bff.authoring import frontend, via
from bff.contract import Answer, Request
from bff.http.responses.encode import encode
from connectors.forms import Record
from tests.bff.engine.execute.test_replies import World
from tests.bff.fakes import endpoint

things = endpoint("shop: things")
Length = NewType("Length", timedelta)
SECONDS = {Length: strawberry.scalar(name="Length", serialize=lambda value: value)}


@strawberry.type
class Maker:
    name: str
    since: int | None = None


@strawberry.type
class Thing:
    id: strawberry.ID
    size: int
    full_name: str
    score: float | None = None
    tags: list[str] | None = None
    maker: Maker | None = None
    makers: list[Maker] | None = None


@strawberry.type
class Query:
    things: list[Thing] | None = via(things)

    @strawberry.field
    def length(self) -> Length:
        return Length(timedelta(seconds=90))

    @strawberry.field
    def word(self) -> str:
        return "a\ud800b"

    @strawberry.field
    def fails(self) -> Annotated[str | None, "null"]:
        raise ValueError


SCHEMA = frontend(query=Query, config=strawberry.schema.config.StrawberryConfig(scalar_map=SECONDS))
SENT = [
    {"id": 1, "size": 5, "fullName": "One", "score": 1.5, "tags": ["a"], "maker": {"name": "Ada"}, "makers": []},
    {"id": 2, "size": 6, "fullName": "Zwei, ü", "score": None, "tags": None, "maker": None, "more": [1]},
]


async def _answers(query: str, sent: Any = SENT) -> list[Answer]:
    """The first answer, read exactly, and two of projected records; all the same as graphql-core's."""
    world = World(SCHEMA)
    world.send("things", sent)
    request = Request(frontend="app", query=query, takes_records=True)
    expected = await world.theirs.answer(request)
    answers = [await world.ours.answer(request) for _ in range(3)]
    for each in answers:
        assert isinstance(each, Answer)
        assert isinstance(expected, Answer)
        assert _known(encode(each)) == _known(encode(expected))
    return answers  # type: ignore[return-value]  # checked above


def _known(body: bytes) -> Any:
    """Data as it is written, and errors without the ids of their log lines."""
    read = json.loads(body)
    for error in read.get("errors", ()):
        error["extensions"].pop("id", None)
    return json.dumps(read)


@pytest.mark.parametrize(
    "selection",
    [
        "size",
        "size fullName",
        "fullName size",
        "size score",
        "size tags",
        "size maker { name since }",
        "makers { name }",
    ],
)
async def test_what_is_written_as_it_came(selection: str) -> None:
    *_, answer = await _answers(f"{{ things {{ {selection} }} }}")
    assert all(isinstance(each, Record) for each in answer.data["things"])


@pytest.mark.parametrize(
    "selection",
    [
        "id",  # a number that becomes text
        "count: size",  # another name
        "score size",  # what must be there comes first in a record
        "size __typename",
        "size maker { n: name }",
        "size makers { name __typename }",
        "a: size size",
    ],
)
async def test_what_is_made_into_maps(selection: str) -> None:
    *_, answer = await _answers(f"{{ things {{ {selection} }} }}")
    assert all(type(each) is dict for each in answer.data["things"])


async def test_beside_a_scalar_that_may_be_anything() -> None:
    """It is written in its own way, which msgspec does not know."""
    *_, answer = await _answers("{ things { size } length }")
    assert type(answer.data["things"][0]) is dict
    assert json.loads(encode(answer))["data"]["length"] == "0:01:30"


async def test_beside_errors_and_text_that_is_no_unicode() -> None:
    *_, answer = await _answers("{ things { size } word fails }")
    assert isinstance(answer.data["things"][0], Record)
    assert json.loads(encode(answer))["data"] == {"things": [{"size": 5}, {"size": 6}], "word": "a?b", "fails": None}
    *_, answer = await _answers("{ word things { size maker { name } } fails }")
    things = [{"size": 5, "maker": {"name": "Ada"}}, {"size": 6, "maker": None}]
    assert json.loads(encode(answer))["data"] == {"word": "a?b", "things": things, "fails": None}
    *_, answer = await _answers("{ things { size } word }")
    assert json.loads(encode(answer))["data"] == {"things": [{"size": 5}, {"size": 6}], "word": "a?b"}


async def test_who_reads_the_data_finds_maps() -> None:
    world = World(SCHEMA)
    world.send("things", SENT)
    for _ in range(3):
        assert await world.ask("{ things { size } }") == {"things": [{"size": 5}, {"size": 6}]}
    assert world.bytes.read == ["things fast"]


async def test_upstreams_that_use_other_words() -> None:
    sent = [{"size": 1, "full_name": "One"}]
    *_, answer = await _answers("{ things { size fullName } }", sent)
    assert answer.data == {"things": [{"size": 1, "fullName": "One"}]}
