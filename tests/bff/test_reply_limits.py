"""Limits of upstreams' replies: records and depth, over real sockets."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry.scalars import JSON
from structlog.testing import capture_logs

from bff.authoring import frontend, via
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options as ServerOptions
from bff.policies.outbound.options import Options as Policies
from bff.upstreams import Upstreams, UpstreamSettings
from connectors import graphql, rest
from connectors.kinds import load_options
from connectors.messages.json_text import is_deeper
from tests.serving import serving
from tests.waiting import GENEROUS

shop = rest("shop")
reviews = graphql("reviews")


@strawberry.type
class Part:
    id: int


@strawberry.type
class Item:
    id: int
    parts: list[Part] | None = via(
        shop.get("/parts?item={item}", many="/parts?item={item}", key="item", group=True), item="id"
    )


@strawberry.type
class Query:
    items: list[Item] | None = via(shop.get("/items", at="data.items"))
    tree: JSON | None = via(shop.get("/tree"))
    notes: JSON | None = via(reviews.query("notes"))

    @strawberry.field
    def fine(self) -> bool:
        return True


SCHEMA = frontend(query=Query)
QUERY = "{ items { id parts { id } } fine }"


def deep(levels: int) -> bytes:
    """Lists and objects in turn."""
    left = b"".join(b'{"a": ' if level % 2 else b"[1, " for level in range(levels))
    right = b"".join(b"}" if level % 2 else b"]" for level in reversed(range(levels)))
    return left + b"1" + right


class Upstream:
    """Speaks for both: a path of REST, or GraphQL by POST."""

    def __init__(self) -> None:
        self.items = self.parts = 2
        self.levels = 3

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        items = [{"id": number} for number in range(self.items)]
        body = {
            "/items": json.dumps({"data": {"items": items}}).encode(),
            "/parts": json.dumps([{"id": number, "item": number % 2} for number in range(self.parts)]).encode(),
            "/tree": deep(self.levels),
            "/graphql": b'{"data": {"notes": ' + deep(self.levels) + b"}}",
        }[scope["path"]]
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
        await send(start)
        await send({"type": "http.response.body", "body": body})


async def _ask(upstream: Upstream, query: str, times: int = 1, **limits: Any) -> list[Any]:
    """The answers to the same query, asked one after the other: the engine reads later replies in another way."""
    async with serving(upstream) as address:
        settings = {}
        for name, kind, path in (("shop", "rest", ""), ("reviews", "graphql", "/graphql")):
            model = load_options(kind).model_validate({"address": f"{address}{path}", **limits})
            settings[name] = UpstreamSettings(name=name, kind=kind, connector=model, policies=Policies())
        upstreams = Upstreams(settings)
        chosen = Options.model_validate({"schema": "tests"})
        gateway = Gateway(
            {"app": make_frontend("app", chosen, SCHEMA)}, upstreams, request_timeout=GENEROUS, readiness=upstreams
        )
        async with (
            serving(http_app(lambda: gateway, ServerOptions())) as url,
            httpx.AsyncClient(timeout=GENEROUS) as client,
        ):
            answers = [(await client.post(f"{url}/graphql/app", json={"query": query})).json() for _ in range(times)]
        await upstreams.close()
    return answers


@pytest.mark.parametrize(("items", "parts"), [(3, 2), (2, 3)])
async def test_a_reply_of_too_many_records_fails_its_fields_alone(items: int, parts: int) -> None:
    """Of a list and of a batch, read in any way; the log has the limit and the number."""
    upstream = Upstream()
    upstream.items, upstream.parts = items, parts
    with capture_logs() as lines:
        answers = await _ask(upstream, QUERY, times=4, max_records=2)
    for answer in answers:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"UPSTREAM_REPLY_TOO_LARGE"}
        assert answer["data"]["fine"] is True
        whole = [answer["data"]["items"]] if items > 2 else [each["parts"] for each in answer["data"]["items"]]
        assert set(whole) == {None}
        assert (
            answer["data"]["items"] is None
            if items > 2
            else [each["parts"] for each in answer["data"]["items"]] == [None] * 2
        )
    assert "the reply has 3 records, more than max_records, 2" in lines[0]["detail"]


async def test_as_many_records_as_allowed_are_fine() -> None:
    """The limit itself is not over it."""
    answers = await _ask(Upstream(), QUERY, times=4, max_records=2)
    items = [{"id": 0, "parts": [{"id": 0}]}, {"id": 1, "parts": [{"id": 1}]}]
    assert answers == [{"data": {"items": items, "fine": True}}] * 4


@pytest.mark.parametrize("field", ["tree", "notes"])
@pytest.mark.parametrize("levels", [101, 250, 999, 5000, 100_000])
async def test_what_is_nested_too_deeply_cannot_be_read(field: str, levels: int) -> None:
    """However deep: an error of the field with a code, never one of Python's, and the rest of the answer is there."""
    upstream = Upstream()
    upstream.levels = levels
    for answer in await _ask(upstream, f"{{ {field} fine }}", times=2):
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "UPSTREAM_BAD_REPLY"
        assert answer["data"] == {field: None, "fine": True}


@pytest.mark.parametrize("field", ["tree", "notes"])
async def test_what_is_as_deep_as_allowed_is_told(field: str) -> None:
    """`max_depth` levels, and another number of them where bff.yaml says so."""
    for levels, limits in ((100, {}), (7, {"max_depth": 7}), (200, {"max_depth": 200})):
        upstream = Upstream()
        upstream.levels = levels
        (answer,) = await _ask(upstream, f"{{ {field} }}", **limits)
        assert answer == {"data": {field: json.loads(deep(levels))}}


TREES = st.recursive(
    st.text(alphabet='[]{}"\\a', max_size=6) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[{"\\', max_size=3), inner, max_size=3),
    max_leaves=25,
)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@given(TREES, st.integers(1, 5))
def test_no_depth_is_made_up(tree: Any, most: int) -> None:
    """Whatever brackets, quotes and backslashes stand in texts, what is allowed passes."""
    if _depth(tree) <= most:
        assert not is_deeper(json.dumps(tree).encode(), most)


@given(TREES, st.integers(1, 5))
def test_depth_is_found_where_texts_have_no_brackets(tree: Any, most: int) -> None:
    """Exactly, in any form of writing."""
    plain = _without_brackets(tree)
    for text in (json.dumps(plain), json.dumps(plain, indent=2), json.dumps(plain, separators=(",", ":"))):
        assert is_deeper(text.encode(), most) == (_depth(plain) > most)


def _without_brackets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.replace("[", "").replace("{", ""): _without_brackets(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_brackets(each) for each in value]
    return value.translate(str.maketrans("", "", "[]{}")) if isinstance(value, str) else value
