"""What frontends read of refusals: nothing, unless the endpoint says so; over a real REST upstream, in both engines."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry
from structlog.testing import capture_logs

from bff.authoring import argument, frontend, via
from bff.authoring.strawberry_insides import core_schema
from bff.contract import Answer, Request
from bff.engine.exposures import MAX_TEXT, find_argument, show_refusal
from connectors import rest
from connectors.contract import Operation
from connectors.error_details import Closed, ServiceError
from connectors.error_reply import ErrorReply
from connectors.errors import UpstreamError, UpstreamRejected
from connectors.failure_rules import Exposure
from connectors.rest.connector import connect
from connectors.rest.options import Options
from tests.bff.fakes import gateway, upstream_of
from tests.connectors.http_world import HttpWorld, Say, json_response, response

api = rest("api")
HIDDEN = api.post("/users", json={"mail": "{email}"})
SHOWN = api.post("/users", json={"mail": "{email}"}, expose=["detail", "errors[].why"])
NAMED = api.post("/users", json={"mail": "{email}"}, expose={"detail": "message", "code": "reason"})
FIELDS = api.post("/users", json="{user}", fields={"mail": "user.email"})
MANY = api.get(many="/items?id={id}", key="id", error="error", expose="error.code")


@strawberry.input
class Address:
    post_code: str
    lines: list[str] = strawberry.field(default_factory=list)


@strawberry.input
class NewUser:
    email: str
    address: Address | None = None


@strawberry.type
class Item:
    id: strawberry.ID
    stock: int | None = via(MANY, id="id")


@strawberry.type
class Query:
    hidden: int | None = via(HIDDEN, email=argument(str))
    shown: int | None = via(SHOWN, email=argument(str))
    named: int | None = via(NAMED, email=argument(str))

    @strawberry.field
    def items(self) -> list[Item]:
        return [Item(id=strawberry.ID(str(number))) for number in range(3)]


@strawberry.type
class Thing:
    id: strawberry.ID
    name: str | None = None


@strawberry.type
class Listing:
    things: list[Thing | None] | None = via(api.get("/things", error="error"))


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, user: NewUser) -> int | None:
        await FIELDS(user={"email": user.email})
        return 1

    @strawberry.mutation
    async def caught(self, email: str) -> str:
        try:
            await HIDDEN(email=email)
        except UpstreamError as error:
            return f"{error.status} {error.body['detail']}"
        return "added"


SCHEMA = frontend(query=Query, mutation=Mutation)
PROBLEM = {
    "detail": "The mail is taken.",
    "code": "E7",
    "secret": "s3cret",
    "errors": [{"field": "mail", "why": "taken by Ann", "message": "is taken"}, {"field": "zip", "message": "is odd"}],
}


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld(answer=lambda _: json_response(PROBLEM, 422)) as world:
        yield world


async def _ask(http: HttpWorld, query: str, engine: str, **variables: Any) -> tuple[Answer, list[dict[str, Any]]]:
    options = Options(address=f"http://127.0.0.1:{http.port}")
    connector = connect("api", options)
    app = gateway(SCHEMA, options={"engine": engine}, api=upstream_of(connector, options))
    with capture_logs() as lines:
        answer = await app.answer(Request(frontend="app", query=query, variables=variables))
    await connector.close()
    assert isinstance(answer, Answer)
    return answer, [dict(line) for line in lines]


def _text(answer: Answer) -> str:
    return json.dumps(answer.errors)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
class TestBothEngines:
    """The same errors and the same lines."""

    async def test_nothing_is_shown_by_itself(self, http: HttpWorld, engine: str) -> None:
        """Neither in the message nor in the extensions; the log has keys and no values."""
        answer, (line,) = await _ask(http, '{ hidden(email: "e") }', engine)
        assert answer.errors[0]["extensions"] == {"code": "UPSTREAM_REJECTED"}
        assert not any(word in _text(answer) for word in ("taken", "E7", "s3cret"))
        assert line["reply_keys"] == ["detail", "code", "secret", "errors"]
        assert not any(word in str(line) for word in ("taken", "E7", "s3cret", "Ann"))

    async def test_what_the_endpoint_names_is_shown(self, http: HttpWorld, engine: str) -> None:
        """And nothing else."""
        answer, _ = await _ask(http, '{ shown(email: "e") }', engine)
        extensions = {"code": "UPSTREAM_REJECTED", "detail": "The mail is taken.", "why": ["taken by Ann", None]}
        assert answer.errors[0]["extensions"] == extensions
        assert "s3cret" not in _text(answer)

    async def test_under_other_names(self, http: HttpWorld, engine: str) -> None:
        """`message` is the message of the error."""
        answer, _ = await _ask(http, '{ named(email: "e") }', engine)
        assert answer.errors[0]["message"] == "The mail is taken."
        assert answer.errors[0]["extensions"] == {"code": "UPSTREAM_REJECTED", "reason": "E7"}

    async def test_fields_of_an_input(self, http: HttpWorld, engine: str) -> None:
        """BAD_USER_INPUT with paths in the frontend's names; it is no warning."""
        answer, (line,) = await _ask(http, 'mutation { add(user: {email: "e"}) }', engine)
        (error,) = answer.errors
        assert error["message"] == 'A service does not accept the argument "user.email", and 1 more.'
        assert error["extensions"] == {
            "code": "BAD_USER_INPUT",
            "fields": [{"path": ["user", "email"], "message": "is taken"}, {"message": "is odd"}],
        }
        assert (line["log_level"], line["code"]) == ("info", "UPSTREAM_REJECTED")

    async def test_a_resolver_reads_it(self, http: HttpWorld, engine: str) -> None:
        """Whatever is shown."""
        answer, _ = await _ask(http, 'mutation { caught(email: "e") }', engine)
        assert answer.data == {"caught": "422 The mail is taken."}

    async def test_a_page_of_html_is_not_shown(self, http: HttpWorld, engine: str) -> None:
        """It has no such parts."""
        http.answer = lambda _: response(b"<html>detail</html>", 502, content_type="text/html")
        answer, (line,) = await _ask(http, '{ shown(email: "e") }', engine)
        assert answer.errors[0]["extensions"] == {"code": "UPSTREAM_UNAVAILABLE"}
        assert "html" not in str(line)

    async def test_one_record_of_a_batch_fails(self, http: HttpWorld, engine: str) -> None:
        """The others are there, and one line says what it cost."""

        def answer(_: object) -> Say:
            return json_response([{"id": 0, "stock": 5}, {"id": 1, "error": {"code": "E7"}}, {"id": 2, "stock": 6}])

        http.answer = answer
        got, lines = await _ask(http, "{ items { id stock } }", engine)
        assert len(http.requests) == 1
        assert [error["path"] for error in got.errors if error["extensions"]["code"] == "UPSTREAM_FAILED"] == [
            ["items", 1, "stock"]
        ]
        failed = next(error for error in got.errors if error["extensions"]["code"] == "UPSTREAM_FAILED")
        assert failed["extensions"]["upstreamCode"] == "E7"
        assert [line["fields"] for line in lines if line["event"] == "upstream_failed"] == [1]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_failures_are_found_in_replies_that_fill_records_from_bytes(http: HttpWorld, engine: str) -> None:
    """From the second reply on, the compiled engine decodes no plain Python where nothing looks like a failure."""
    replies = [
        [{"id": "1", "name": "a"}],
        [{"id": "1", "name": "a", "error": None}],
        [{"id": "1", "name": "a"}, {"id": "2", "error": {"code": "E7"}}],
        {"error": "no"},
    ]
    schema = frontend(query=Listing)
    options = Options(address=f"http://127.0.0.1:{http.port}")
    connector = connect("api", options)
    app = gateway(schema, options={"engine": engine}, api=upstream_of(connector, options))
    seen: list[Any] = []
    for number in (0, 0, 1, 0, 2, 0, 3, 0, 0):
        http.answer = lambda _, number=number: json_response(replies[number])  # type: ignore[misc]  # a default binds it
        answer = await app.answer(Request(frontend="app", query="{ things { id name } }"))
        assert isinstance(answer, Answer)
        seen.append((answer.data, [error["path"] for error in answer.errors]))
    await connector.close()
    one = {"id": "1", "name": "a"}
    good: Any = ({"things": [one]}, [])
    assert seen[:4] == [good] * 4
    assert seen[4] == ({"things": [one, None]}, [["things", 1]])
    assert seen[6] == ({"things": None}, [["things"]])
    assert [seen[place] for place in (5, 7, 8)] == [good] * 3


def _error(exposure: Exposure | None, **reply: Any) -> UpstreamError:
    operation = Operation(upstream="u", name="o", exposure=exposure)
    return UpstreamRejected(operation, "no", reply=ErrorReply(**reply))


def _shown(*paths: str) -> Exposure:
    return Exposure(tuple((tuple(path.split(".")), path) for path in paths))


def test_details_are_found_where_the_body_has_nothing() -> None:
    """Words of a NATS service, the reason of a closed websocket."""
    _, shown = show_refusal(_error(_shown("description"), details=[ServiceError("404", "no such order")]), None)
    assert shown == {"code": "UPSTREAM_REJECTED", "description": "no such order"}
    _, shown = show_refusal(_error(_shown("reason", "other"), status=1008, details=[Closed(1008, "policy")]), None)
    assert shown == {"code": "UPSTREAM_REJECTED", "reason": "policy"}


def test_what_is_shown_is_bounded() -> None:
    """However much the upstream sends."""
    deep: Any = "x"
    for _ in range(20):
        deep = {"a": deep}
    body = {"long": "x" * 100_000, "many": list(range(5000)), "deep": deep}
    _, shown = show_refusal(_error(_shown("long", "many", "deep"), body=body), None)
    assert (len(shown["long"]), len(shown["many"])) == (MAX_TEXT, 100)
    assert len(json.dumps(shown["deep"])) < 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("user", "email"), ("user", "email")),
        (("email",), ("user", "email")),
        (("body", "user", "address", "post_code"), ("user", "address", "postCode")),
        (("address", "postCode"), ("user", "address", "postCode")),
        (("Address", "PostCode"), ("user", "address", "postCode")),
        (("address", "lines", 1), ("user", "address", "lines", 1)),
        (("user",), ("user",)),
        (("no", "such"), None),
        ((), None),
    ],
)
def test_names_of_arguments(path: Any, expected: Any) -> None:
    """As people mean them, at any depth of an input."""
    mutation = core_schema(SCHEMA).mutation_type
    assert mutation is not None
    assert find_argument(mutation.fields["add"], path) == expected
