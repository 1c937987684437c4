"""Replies in other formats than JSON: both engines answer the same, first and later."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from strawberry.scalars import JSON

from bff.authoring import argument, frontend, take, via
from bff.upstreams import upstream as behind
from connectors.rest.connector import connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from connectors.rest.paging import by_page
from connectors.rest.replies import csv, xml
from tests.bff.engine.comparing import asked, data_of, engines, same_errors
from tests.bff.fakes import upstream_of
from tests.serving import serving

api = rest("api")


@strawberry.type
class Line:
    """A row, a line or an element."""

    id: int
    name: str | None = None
    size: float | None = None
    ok: bool | None = None


@strawberry.type
class Book:
    """An element with attributes and elements."""

    number: strawberry.ID = take("@id")
    title: str | None = None
    authors: list[str] | None = take("author[]")
    first: str | None = take("author.0")
    lines: list[Line] | None = take("line[]")
    price: float | None = take("price.#text")
    currency: str | None = take("price.@currency")


@strawberry.type
class Query:
    """The roots; `n` is the number of the reply."""

    text: str | None = via(api.get("/replies/{n}"), n=argument(int))
    forced: str | None = via(api.get("/replies/{n}", reply="text"), n=argument(int))
    number: int | None = via(api.get("/replies/{n}"), n=argument(int))
    line: Line | None = via(api.get("/replies/{n}"), n=argument(int))
    lines: list[Line | None] | None = via(api.get("/replies/{n}"), n=argument(int))
    required: list[Line] | None = via(api.get("/replies/{n}"), n=argument(int))
    semicolons: list[Line | None] | None = via(api.get("/replies/{n}", reply=csv(delimiter=";")), n=argument(int))
    ndjson: list[Line | None] | None = via(api.get("/replies/{n}", reply="ndjson"), n=argument(int))
    items: list[Line] | None = via(api.get("/replies/{n}", at="line", reply=xml(lists=("line",))), n=argument(int))
    books: list[Book] | None = via(api.get("/replies/{n}", at="book[]"), n=argument(int))
    keyed: Line | None = via(
        api.get(many="/replies/{n}?id={id}", key="id", batch="id"), id=argument(int), n=argument(int)
    )
    paged: list[Line | None] | None = via(api.get("/pages/{n}?page=1", pages=by_page()), n=argument(int))
    anything: JSON | None = via(api.get("/replies/{n}"), n=argument(int))


XML = "application/xml"
BOOKS = """<?xml version="1.0" encoding="ISO-8859-1"?><books>
 <book id="1"><title>Caf\u00e9</title><author>A</author><author>B</author><price currency="EUR">9.5</price></book>
 <book id="2"><title/><author>C</author><line><id>1</id></line></book></books>"""
REPLIES: list[tuple[bytes, str]] = [
    (b"2.4.7 (Community)", "text/plain"),
    (b"2.40", "text/plain"),
    (b"2.4\n", "text/plain; charset=utf-8"),
    (b"42", "text/plain"),
    (b"007", "text/plain"),
    (b"true", "text/plain"),
    (b'{"id": 1, "name": "n"}', "text/plain"),
    (b"[INFO] started", "text/plain"),
    ("Gr\u00fc\u00dfe".encode("latin-1"), "text/plain; charset=ISO-8859-1"),
    (b"caf\xe9", "text/plain"),
    (b"", "text/plain"),
    (b"<p>sorry</p>", "text/html"),
    (b'id,name,size,ok\n1,Ann,1.5,true\n2,,,\n3,x\n4,"a,b",7,false\n', "text/csv"),
    ("\ufeffid;name\n1;Z\u00fcrich\n".encode(), "text/csv; charset=utf-8"),
    ("id\tname\n1\tZ\u00fcrich\n".encode("utf-16"), "text/tab-separated-values"),
    (b"id,name\nx,Ann\n", "text/csv"),
    (b'{"id": 1, "name": "n"}\n{"id": 2, "ok": true}\n{"id": 3', "application/x-ndjson"),
    (b'{"id": 1}\n{"id": 2, "name": "\xff"}\n', "application/jsonl"),
    (b'\x1e{"id": 1}\n\x1e{"id": 2}\n', "application/json-seq"),
    (b"<l><line><id>1</id><name>n</name><size>1.5</size><ok>true</ok></line></l>", XML),
    (b"<l><line><id>1</id></line><line><id>2</id><name/></line></l>", "application/atom+xml"),
    (b"<l><id>5</id><name>x</name></l>", "text/xml"),
    (BOOKS.encode("latin-1"), "text/xml"),
    (b"<l><line></l>", XML),
    (b'{"id": 1}', XML),
    (b"[]", "application/json"),
]


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """Answers `/replies/number` with that reply, `/pages/number` with its rows in two pages."""
    if scope["type"] == "http":
        body, content_type = REPLIES[int(scope["path"].rpartition("/")[2])]
        if scope["path"].startswith("/pages"):
            first = b"page=1" in scope["query_string"]
            head, *rows = body.splitlines(keepends=True)
            body = head + b"".join(rows[:2] if first else rows[2:]) if b"page=3" not in scope["query_string"] else head
        headers = [(b"content-type", content_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def through(url: str) -> behind.Upstream:
    """The upstream at this address."""
    options = Options.model_validate({"address": url})
    return upstream_of(connect("api", options), options)


@pytest.mark.parametrize(
    "selection",
    [
        "text(n: $n)",
        "forced(n: $n)",
        "number(n: $n)",
        "line(n: $n){id name}",
        "lines(n: $n){id name size ok}",
        "required(n: $n){id}",
        "semicolons(n: $n){id name}",
        "ndjson(n: $n){id name ok}",
        "items(n: $n){id name size ok}",
        "books(n: $n){number title authors first lines{id name} price currency}",
        "keyed(n: $n, id: 1){name} other: keyed(n: $n, id: 2){name ok} third: keyed(n: $n, id: 3){name}",
        "anything(n: $n)",
    ],
)
async def test_both_engines_answer_the_same(selection: str) -> None:
    """Whatever the format is, and whatever the schema expects."""
    text = f"query($n: Int!) {{ {selection} }}"
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


async def test_what_there_is() -> None:
    """The answers themselves, once."""
    async with serving(upstream) as url:
        ours, _ = engines(frontend(query=Query), through(url))

        async def ask(selection: str, number: int) -> Any:
            answer = await asked(ours, f"query($n: Int!) {{ {selection} }}", {"n": number})
            return next(iter(answer["data"].values())), [each["path"][1:] for each in answer.get("errors", [])]

        texts = ["2.4.7 (Community)", "2.40", "2.4\n", "42", "007", "true"]
        assert [await ask("forced(n: $n)", number) for number in range(6)] == [(each, []) for each in texts]
        assert [(await ask("text(n: $n)", number))[0].strip() for number in range(6)] == [
            each.strip() for each in texts
        ]
        assert await ask("number(n: $n)", 3) == (42, [])
        assert await ask("line(n: $n){id name}", 6) == ({"id": 1, "name": "n"}, [])
        assert await ask("text(n: $n)", 7) == ("[INFO] started", [])
        assert await ask("text(n: $n)", 8) == ("Gr\u00fc\u00dfe", [])
        assert await ask("text(n: $n)", 9) == (None, [[]])
        assert await ask("text(n: $n)", 11) == (None, [[]])
        assert await ask("forced(n: $n)", 11) == ("<p>sorry</p>", [])
        rows, errors = await ask("lines(n: $n){id name size ok}", 12)
        assert rows[0] == {"id": 1, "name": "Ann", "size": 1.5, "ok": True}
        assert rows[1] == {"id": 2, "name": None, "size": None, "ok": None}
        assert (rows[2], rows[3]["name"], errors) == (None, "a,b", [[2]])
        assert await ask("semicolons(n: $n){id name}", 13) == ([{"id": 1, "name": "Z\u00fcrich"}], [])
        assert await ask("lines(n: $n){id name}", 14) == ([{"id": 1, "name": "Z\u00fcrich"}], [])
        assert await ask("lines(n: $n){id}", 16) == ([{"id": 1}, {"id": 2}, None], [[2]])
        assert await ask("lines(n: $n){id name}", 17) == (
            [{"id": 1, "name": None}, {"id": 2, "name": None}],
            [[1, "name"]],
        )
        assert await ask("lines(n: $n){id}", 18) == ([{"id": 1}, {"id": 2}], [])
        assert await ask("items(n: $n){id name size ok}", 19) == ([{"id": 1, "name": "n", "size": 1.5, "ok": True}], [])
        assert await ask("items(n: $n){id name}", 20) == ([{"id": 1, "name": None}, {"id": 2, "name": ""}], [])
        assert await ask("line(n: $n){id name}", 21) == ({"id": 5, "name": "x"}, [])
        one, two = (await ask("books(n: $n){number title authors first lines{id} price currency}", 22))[0]
        assert one == {
            "number": "1",
            "title": "Caf\u00e9",
            "authors": ["A", "B"],
            "first": "A",
            "lines": None,
            "price": 9.5,
            "currency": "EUR",
        }
        assert (two["title"], two["authors"], two["lines"]) == ("", ["C"], [{"id": 1}])
        assert await ask("paged(n: $n){id}", 12) == ([{"id": 1}, {"id": 2}, None, {"id": 4}], [[2]])
        assert await ask("keyed(n: $n, id: 4){name}", 12) == ({"name": "a,b"}, [])
