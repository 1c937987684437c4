"""How replies are read: the first one exactly, the others fast, and whatever does not fit just as graphql-core would."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import msgspec
import pytest
import strawberry

from bff.authoring import frontend, take, via
from bff.contract import Answer
from bff.gateway.gateway import Gateway
from connectors.contract import Call, Reply
from connectors.forms import Form, Unfit, fit_json
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

posts = endpoint("shop: posts")
user = batched("shop: user", single=True)
notes = batched("shop: notes", group=True)


@strawberry.type
class User:
    id: strawberry.ID
    name: str
    is_new: bool | None = None


@strawberry.type
class Note:
    text: str


@strawberry.type
class Post:
    id: int
    title: str
    score: float | None = None
    author: str | None = take("meta.author", default=None)
    user_id: int | None = None
    user: User | None = via(user, id="user_id")
    notes: list[Note] = via(notes, id="id")


@strawberry.type
class Query:
    posts: list[Post] | None = via(posts)


SCHEMA = frontend(query=Query)
PLAIN = "{ posts { id title score } }"
DEEP = "{ posts { id user { id name isNew } notes { text } } }"


class Bytes:
    """Answers with JSON as a connector does that can fill forms, and remembers how each reply was read."""

    def __init__(self) -> None:
        self.bodies: dict[str, Callable[[Call], bytes]] = {}
        self.read: list[str] = []
        self.can_fit = True

    def answer(self, call: Call) -> Reply:
        body = self.bodies[call.operation.name](call)
        note = partial(self._read, call.operation.name)
        return Reply(body, decode=note, fit=partial(self._fit, call.operation.name) if self.can_fit else None)

    def _read(self, name: str, body: bytes) -> Any:
        self.read.append(f"{name} exactly")
        return msgspec.json.decode(body)

    def _fit(self, name: str, form: Form, body: bytes, at: tuple[str, ...]) -> Any:
        try:
            value = fit_json(form, body, at)
        except Unfit:
            self.read.append(f"{name} in vain")
            raise
        self.read.append(f"{name} fast")
        return value


class World:
    """The same upstream behind both engines."""

    def __init__(self, schema: Any = SCHEMA) -> None:
        self.bytes = Bytes()
        self.shop = FakeUpstream(self.bytes.answer)
        self.ours, self.theirs = (
            gateway(schema, options={"engine": engine, "share": False}, shop=self.shop)
            for engine in ("compiled", "reference")
        )
        self.send("posts", [{"id": 1, "title": "a"}])

    def send(self, name: str, data: Any) -> None:
        """JSON, or bytes, or what a function makes of a call."""
        body = data if isinstance(data, bytes) or callable(data) else json.dumps(data).encode()
        self.bytes.bodies[name] = body if callable(body) else lambda call: body

    async def ask(self, query: str) -> Any:
        """Data and errors, the same from both; and how ours read the replies."""
        expected = _told(await _asked(self.theirs, query))
        self.bytes.read.clear()
        assert _told(await _asked(self.ours, query)) == expected
        return json.loads(expected)["data"]

    async def how(self, query: str) -> list[str]:
        await self.ask(query)
        return list(self.bytes.read)


async def _asked(app: Gateway, query: str) -> Answer:
    return await ask(app, query)


def _told(answer: Answer) -> str:
    """Which of several errors is told first depends on what was waited for first."""
    errors = [{**each, "extensions": {**each["extensions"], "id": None}} for each in answer.errors or ()]
    errors.sort(key=lambda each: str(each["path"]))
    return json.dumps({"data": answer.data, "errors": errors})


async def test_the_first_reply_is_read_exactly_and_the_others_fast() -> None:
    """Per field of an operation: another document begins anew."""
    world = World()
    assert [await world.how(PLAIN) for _ in range(3)] == [["posts exactly"], ["posts fast"], ["posts fast"]]
    assert await world.how("{ posts { id } }") == ["posts exactly"]
    assert await world.how(PLAIN) == ["posts fast"]


async def test_connectors_that_fill_no_forms() -> None:
    """Are read exactly, always."""
    world = World()
    world.bytes.can_fit = False
    for _ in range(3):
        assert await world.how(PLAIN) == ["posts exactly"]


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id": null, "title": "a"}]',
        b'[{"title": "a"}]',
        b'[{"id": "1", "title": "a"}]',
        b'[{"id": 2147483648, "title": "a"}]',
        b'[{"id": 1.0, "title": "a"}]',
        b'[{"id": 1, "title": "a", "score": "1.5"}]',
        b'[{"id": 1, "title": "a", "score": 1e400}]',
        b'[{"id": 1, "title": 7}, {"id": 2, "title": true}]',
        b'[{"id": 1, "title": {"a": 1}}]',
        b"[null]",
        b"[7]",
        b"{}",
        b"7",
        b'[{"id": 1, "title": "a"}',
        b'[{"id": 1, "title": "a"}] x',
        b'[{"id": 1, "title": "\xff"}]',
    ],
)
async def test_what_does_not_fit_gives_the_same_errors(body: bytes) -> None:
    """Tried, then read again: coercion, codes, words and paths are graphql-core's."""
    world = World()
    for _ in range(2):
        await world.ask(PLAIN)
    world.send("posts", body)
    assert (await world.how(PLAIN))[:2] == ["posts in vain", "posts exactly"]


async def test_what_seldom_fits_is_seldom_tried() -> None:
    """Less and less often; one reply that fits ends that."""
    world = World()
    world.send("posts", [{"id": 1, "title": 7}])  # which is text, to GraphQL
    tried = [number for number in range(300) if "posts in vain" in await world.how(PLAIN)]
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert 4 <= len(tried) <= 10
    assert gaps == sorted(gaps)
    assert gaps[-1] > 50
    world.send("posts", [{"id": 1, "title": "a"}])
    while await world.how(PLAIN) != ["posts fast"]:
        tried.append(0)
        assert len(tried) < 400
    for body, expected in ((7, "posts in vain"), (7, "posts in vain"), ("a", "posts exactly"), ("a", "posts exactly")):
        world.send("posts", [{"id": 1, "title": body}])
        assert (await world.how(PLAIN))[0] == expected  # as after the first misses of all
    assert await world.how(PLAIN) == ["posts fast"]


@pytest.mark.parametrize(("first", "second"), [("userId", "user_id"), ("user_id", "userId")])
async def test_the_upstreams_spelling_is_learnt(first: str, second: str) -> None:
    """And when it changes, or both come, the answer is right all the same."""
    world = World()
    query = "{ posts { id userId user { name } } }"
    world.send("user", lambda call: json.dumps({"id": call.arguments["id"], "name": "Ada"}).encode())
    world.send("posts", [{"id": 1, first: 3}])
    for expected in (["posts exactly"], ["posts fast"]):
        assert (await world.ask(query))["posts"] == [{"id": 1, "userId": 3, "user": {"name": "Ada"}}]
        assert world.bytes.read[:1] == expected
    for records in ([{"id": 1, second: 4}], [{"id": 1, first: 3, second: 4}], [{"id": 1, first: 3}, {"id": 2}]):
        world.send("posts", records)
        for _ in range(4):
            await world.ask(query)
    world.send("posts", [{"id": 1, second: 4}])
    reads = [(await world.how(query))[0] for _ in range(40)]
    assert reads[-1] == "posts fast"


async def test_batches_are_dealt_as_ever() -> None:
    """Numbers for texts, two of one key, none of another, in any order; lists where they are grouped."""
    world = World()
    world.send("posts", [{"id": each, "userId": each % 3 or None} for each in range(1, 9)])
    world.send("user", [{"id": "2", "name": "Bo"}, {"id": 9, "name": "no"}, {"id": 2, "name": "late"}])
    world.send("notes", [{"id": each % 4, "text": f"{each}"} for each in range(9)])
    for _ in range(2):
        data = await world.ask(DEEP)
    assert {*world.bytes.read} == {"posts fast", "user fast", "notes fast"}
    assert [each["user"] and each["user"]["name"] for each in data["posts"]] == [None, "Bo", None] * 2 + [None, "Bo"]
    world.send("user", [{"id": each, "name": f"{each}"} for each in range(3)])
    data = await world.ask(DEEP)
    assert {*world.bytes.read} == {"posts fast", "user fast", "notes fast"}
    assert data["posts"][0]["user"] == {"id": "1", "name": "1", "isNew": None}
    assert [len(each["notes"]) for each in data["posts"]] == [2, 2, 2, 0, 0, 0, 0, 0]
    for wrong in ([{"id": 1}], [{"name": "x"}], {"users": []}, [None], [{"id": 1, "name": None}], None):
        world.send("user", wrong)
        await world.ask(DEEP)


async def test_what_is_not_selected_is_not_looked_at() -> None:
    """The exact way refuses such a reply; a query that selects it is refused still."""
    world = World()
    for _ in range(2):
        await world.ask("{ posts { id } }")
    world.send("posts", b'[{"id": 1, "title": "\xff"}]')
    world.bytes.read.clear()
    answer = await ask(world.ours, "{ posts { id } }")
    assert (answer.data, world.bytes.read) == ({"posts": [{"id": 1}]}, ["posts fast"])
    assert (await world.ask(PLAIN)) == {"posts": None}


async def test_values_deeper_in_a_record() -> None:
    """Beside those that stand in it; whatever is where they should be."""
    world = World()
    query = "{ posts { id author } }"
    for meta in (
        {"author": "Ada"},
        {"author": "Ada"},
        {},
        {"author": None},
        None,
        7,
        [],
        {"author": 7},
        {"author": []},
    ):
        world.send("posts", [{"id": 1, "meta": meta}, {"id": 2}])
        await world.ask(query)


async def test_max_records_holds_for_what_is_read_fast() -> None:
    """With the same error."""
    world = World()
    world.shop.max_records = 2
    for count in (2, 2, 3, 2):
        world.send("posts", [{"id": each, "title": "a"} for each in range(count)])
        data = await world.ask(PLAIN)
        assert (data["posts"] is None) == (count == 3)
    assert world.bytes.read == ["posts fast"]


@strawberry.type
class Book:
    title: str
    user_id: strawberry.Private[Any]
    user: User | None = via(user, id="user_id")


@strawberry.type
class Shelf:
    books: list[Book] = via(endpoint("shop: books"))


@strawberry.type
class Desk:
    posts: list[Post] = via(posts)
    drafts: list[Post] = via(endpoint("shop: drafts"))


async def test_what_siblings_ask_in_one_moment_is_one_call() -> None:
    """Whoever has siblings lets them ask along, however far below them it is."""
    world = World(frontend(query=Desk))
    world.send("user", lambda call: json.dumps([{"id": key, "name": str(key)} for key in call.keys]).encode())
    world.send("posts", [{"id": 1, "title": "a", "userId": 1}])
    world.send("drafts", [{"id": 2, "title": "b", "userId": 2}, {"id": 3, "title": "c", "userId": 3}])
    for _ in range(3):
        world.shop.calls.clear()
        await ask(world.ours, "{ posts { id user { name } } drafts { user { name } } }")
        called = [call.keys for call in world.shop.calls if call.operation.name == "user"]
        assert [sorted(keys) for keys in called] == [[1, 2, 3]]


async def test_keys_of_several_kinds_find_records_by_what_they_read_as() -> None:
    """An upstream that says "7" where it was asked for 7 is understood, whatever the other keys are."""
    world = World(frontend(query=Shelf))
    world.send("books", [{"title": "a", "userId": 7}, {"title": "b", "userId": "x"}])
    world.send("user", [{"id": "7", "name": "Ada"}, {"id": "x", "name": "Bob"}, {"id": 8, "name": "Cid"}])
    for _ in range(3):
        told = await world.ask("{ books { title user { name } } }")
        assert [book["user"]["name"] for book in told["books"]] == ["Ada", "Bob"]
