"""Replies in odd encodings, with values that cannot be read: both engines answer the same, first and later."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from strawberry.scalars import JSON

from bff.authoring import argument, frontend, via
from bff.upstreams import upstream as behind
from connectors.rest.connector import connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from tests.bff.engine.comparing import asked, data_of, engines, same_errors
from tests.bff.fakes import upstream_of
from tests.serving import serving

api = rest("api")
by_id = api.get(many="/replies/{n}?id={id}", key="id", batch="id")


@strawberry.type
class Inner:
    """A record inside of another."""

    text: str | None = None


@strawberry.type
class Row:
    """A record of texts and numbers."""

    id: int
    text: str | None = None
    number: float | None = None
    texts: list[str | None] | None = None
    inner: Inner | None = None
    anything: JSON | None = None


@strawberry.type
class Query:
    """The roots."""

    row: Row | None = via(api.get("/replies/{n}"), n=argument(int))
    rows: list[Row | None] | None = via(api.get("/replies/{n}"), n=argument(int))
    keyed: Row | None = via(by_id, id=argument(int), n=argument(int))


JSON_TYPE = "application/json"
BAD = (
    b'{"id": 1, "text": "caf\xc3", "texts": ["\\ud83d", "ok", "\xff"], "number": 1e999, "inner": {"text": "\\udc00"}, '
    b'"anything": {"a": ["\xe9", NaN, 1]}}'
)
GOOD = '{"id": 1, "text": "café", "texts": ["é", null], "number": 1.5, "inner": {"text": "ü"}, "anything": {"ö": "ß"}}'
REPLIES: list[tuple[bytes, str]] = [
    (GOOD.encode("latin-1"), "application/json; charset=ISO-8859-1"),
    (GOOD.encode("cp1252"), 'application/json; Charset="windows-1252"'),
    (GOOD.encode("utf-16"), "application/json; charset=utf-16"),
    (GOOD.encode("utf-16-le"), "application/json; charset=UTF-16LE"),
    (GOOD.encode("utf-16-be"), JSON_TYPE),
    (GOOD.encode("utf-8-sig"), JSON_TYPE),
    (GOOD.encode("latin-1"), "application/json; charset=klingon"),
    (GOOD.encode("latin-1"), JSON_TYPE),
    (BAD, JSON_TYPE),
    (b"[" + BAD + b"," + GOOD.encode() + b"]", JSON_TYPE),
    (b"[" + GOOD.encode("latin-1") + b"]", "application/json; charset=latin1"),
    (b'[{"id": 1}, {"id": NaN}, {"id": 2, "text": "\\ud800x"}]', JSON_TYPE),
    (b'[{"id": 1}, {"\xff": 3}]', JSON_TYPE),
    (b'"\xff"', JSON_TYPE),
    (b'[{"id": 1, "text": "\xff"}', JSON_TYPE),
]


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """Answers `/replies/number` with that reply."""
    if scope["type"] == "http":
        body, content_type = REPLIES[int(scope["path"].rpartition("/")[2])]
        headers = [(b"content-type", content_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def through(url: str) -> behind.Upstream:
    """The upstream at this address."""
    options = Options.model_validate({"address": url})
    return upstream_of(connect("api", options), options)


@pytest.mark.parametrize(
    "text",
    [
        "query($n: Int!) { row(n: $n) {id text number texts inner{text} anything} }",
        "query($n: Int!) { row(n: $n) {text} }",
        "query($n: Int!) { row(n: $n) {id inner{text}} }",
        "query($n: Int!) { rows(n: $n) {id text texts} }",
        "query($n: Int!) { rows(n: $n) {anything} }",
        "query($n: Int!) { keyed(n: $n, id: 1) {id text number texts} keyed2: keyed(n: $n, id: 2) {text} }",
    ],
)
async def test_both_engines_answer_the_same(text: str) -> None:
    """What can be read is there, and each value that cannot be read has an error at its path."""
    async with serving(upstream) as url:
        ours, theirs = engines(frontend(query=Query), through(url))
        seen = set()
        for number in [*range(len(REPLIES))] * 2:
            expected = await asked(theirs, text, {"n": number})
            for _ in range(2):
                actual = await asked(ours, text, {"n": number})
                assert data_of(actual) == data_of(expected), REPLIES[number]
                assert same_errors(actual, expected), REPLIES[number]
            seen.add(data_of(expected))
    assert len(seen) > 1


async def test_what_can_be_read_is_there() -> None:
    """The answers themselves, once."""
    text = "query($n: Int!) { row(n: $n) {id text number texts inner{text} anything} }"
    async with serving(upstream) as url:
        for engine in engines(frontend(query=Query), through(url)):
            for number in range(6):
                row = (await asked(engine, text, {"n": number}))["data"]["row"]
                assert (row["text"], row["texts"], row["anything"]) == ("café", ["é", None], {"ö": "ß"})
            bad = await asked(engine, text, {"n": 8})
            row = bad["data"]["row"]
            assert (row["id"], row["text"], row["texts"], row["inner"]) == (1, None, [None, "ok", None], {"text": None})
            paths = [each["path"] for each in bad["errors"]]
            for path in (["row", "text"], ["row", "texts", 0], ["row", "number"], ["row", "inner", "text"]):
                assert path in paths
            assert {each["extensions"]["code"] for each in bad["errors"]} == {"UPSTREAM_BAD_REPLY"}
