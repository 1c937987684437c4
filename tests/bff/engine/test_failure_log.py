"""Failures in the log: one line per failing call or place of code, with how many fields it cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Literal

import httpx
import pytest
import strawberry
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bff.authoring import frontend, via
from bff.contract import Answer, Increments, Parts, Request
from bff.engine.failure_log import MAX_LINES, FailureLog
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options as ServerOptions
from connectors.contract import Call, Operation
from connectors.errors import UpstreamFault, UpstreamUnreachable
from tests.bff.fakes import FakeUpstream, batched, endpoint, gateway
from tests.serving import serving

Engine = Literal["compiled", "reference"]
MANY = 40


@strawberry.type
class Product:
    id: int
    price: int | None = via(batched("shop: price"), id="id")
    stock: int | None = via(batched("shop: stock"), id="id", default=-1)
    rating: int | None = via(endpoint("shop: rating", {"id": True}), id="id")

    @strawberry.field
    def label(self) -> str | None:
        raise RuntimeError(f"no label for {self.id}")


@strawberry.type
class Query:
    @strawberry.field
    def products(self) -> list[Product]:
        return [Product(id=number) for number in range(MANY)]

    @strawberry.field
    def numbers(self) -> list[int | None]:
        return ["Ann Smith"] * MANY  # type: ignore[list-item]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def added(self) -> AsyncGenerator[Product, None]:
        yield Product(id=1)


def fail(call: Call) -> UpstreamUnreachable:
    return UpstreamUnreachable(call.operation, "no connection to 10.0.0.1")


def make_gateway(engine: Engine) -> Gateway:
    """Its upstream is away."""
    schema = frontend(query=Query, subscription=Subscription)
    return gateway(schema, options={"engine": engine, "batch": {}, "incremental": True}, shop=FakeUpstream(fail))


async def run(query: str, engine: Engine, *, increments: Increments | None = None) -> list[dict[str, Any]]:
    """The lines of one operation."""
    with capture_logs() as lines:
        request = Request(frontend="app", query=query, headers={"x-request-id": "r-1"}, increments=increments)
        answer = await make_gateway(engine).answer(request)
        if isinstance(answer, Parts):
            answer = answer.more
        if not isinstance(answer, Answer):
            async for _ in answer:
                pass
    assert all(line["request_id"] == "r-1" for line in lines)
    return [dict(line) for line in lines]


def degraded() -> float:
    labels = {"upstream": "shop", "code": "UPSTREAM_UNREACHABLE"}
    return REGISTRY.get_sample_value("bff_degraded_total", labels) or 0.0


@pytest.mark.parametrize("engine", ["compiled", "reference"])
class TestBothEngines:
    """The same lines, whichever engine runs the operation."""

    async def test_one_line_for_a_call_that_failed(self, engine: Engine) -> None:
        """Forty products without a price."""
        (line,) = await run("{ products { price } }", engine)
        assert (line["event"], line["log_level"], line["upstream"], line["operation"]) == (
            "upstream_failed",
            "warning",
            "shop",
            "price",
        )
        assert (line["code"], line["detail"]) == ("UPSTREAM_UNREACHABLE", "no connection to 10.0.0.1")
        assert (line["fields"], list(line["path"])) == (MANY, ["products", 0, "price"])

    async def test_a_failure_that_a_default_hides(self, engine: Engine) -> None:
        """Has its line and its counter, though the response has no error."""
        before = degraded()
        (line,) = await run("{ products { stock } }", engine)
        assert (line["event"], line["operation"], line["fields"], line["degraded"]) == (
            "upstream_failed",
            "stock",
            MANY,
            MANY,
        )
        assert degraded() - before == MANY

    async def test_calls_that_cannot_be_joined(self, engine: Engine) -> None:
        """Forty calls that fail in the same way are one line too, which says so."""
        (line,) = await run("{ products { rating } }", engine)
        assert (line["fields"], line["calls"]) == (MANY, MANY)

    async def test_one_traceback_for_a_resolver(self, engine: Engine) -> None:
        """Not one per object."""
        (line,) = await run("{ products { label } }", engine)
        assert (line["event"], line["log_level"], line["fields"]) == ("resolver_failed", "error", MANY)
        assert line["exception"].count("Traceback") == 1

    async def test_values_are_not_shown(self, engine: Engine) -> None:
        """Where one does not fit, the line says how, and not what it is."""
        (line,) = await run("{ numbers }", engine)
        assert (line["event"], line["fields"]) == ("invalid_value", MANY)
        assert line["detail"] == "Int cannot represent non-integer value: "
        assert "Ann" not in str(line)

    async def test_several_failures(self, engine: Engine) -> None:
        """One line each."""
        lines = await run("{ products { price stock label again: price } }", engine)
        assert sorted((line["event"], line["fields"]) for line in lines) == [
            ("resolver_failed", MANY),
            ("upstream_failed", MANY),
            ("upstream_failed", 2 * MANY),
        ]

    async def test_each_event_of_a_subscription(self, engine: Engine) -> None:
        """Is a response of its own."""
        lines = await run("subscription { added { price stock } }", engine)
        assert sorted((line["operation"], line["fields"]) for line in lines) == [("price", 1), ("stock", 1)]

    @pytest.mark.parametrize("increments", list(Increments))
    async def test_deferred_parts(self, engine: Engine, increments: Increments) -> None:
        """Of either form."""
        query = "{ products { id } ... @defer { products { stock } } }"
        lines = await run(query, engine, increments=increments)
        assert [(line["operation"], line["degraded"]) for line in lines] == [("stock", MANY)]


@pytest.mark.parametrize(
    ("method", "accept", "body"),
    [
        ("POST", "application/json", {"query": "{ products { price } }"}),
        ("GET", "application/json", None),
        ("POST", "application/json", [{"query": "{ products { price } }"}]),
        ("POST", "text/event-stream", {"query": "{ products { price } }"}),
        ("POST", "multipart/mixed", {"query": "{ products { id ... @defer { price } } }"}),
    ],
)
async def test_every_transport_logs_a_failure_once(method: str, accept: str, body: Any) -> None:
    """All end in the same gateway."""
    made = make_gateway("compiled")
    with capture_logs() as lines:
        async with serving(http_app(lambda: made, ServerOptions())) as url, httpx.AsyncClient() as client:
            parameters = None if body else {"query": "{ products { price } }"}
            sent = {"accept": accept, "apollo-require-preflight": "1"}
            answer = await client.request(method, f"{url}/graphql/app", json=body, params=parameters, headers=sent)
    assert "UPSTREAM_UNREACHABLE" in answer.text
    failed = [(line["event"], line["fields"]) for line in lines if line["event"] != "stopping"]
    assert failed == [("upstream_failed", MANY)]


def test_lines_of_one_response_are_bounded() -> None:
    """An operation of a thousand aliases can fail in a thousand ways."""
    failures = FailureLog({"request_id": "r-1"})
    for number in range(MAX_LINES + 5):
        failures.add_null(f"Query.f{number}", [f"f{number}"])
    with capture_logs() as lines:
        failures.write()
    assert len(lines) == MAX_LINES + 1
    assert (lines[-1]["event"], lines[-1]["count"], lines[-1]["request_id"]) == ("failures_not_logged", 5, "r-1")


def test_words_of_the_upstream_are_apart() -> None:
    """They may hold data, and are shown by choice."""
    failures = FailureLog({})
    fault = UpstreamFault(
        Operation(upstream="u", name="o"), "fault Client (HTTP 500): Ann", upstream_code="Client", quoted="Ann"
    )
    failures.add_upstream(fault, None)
    with capture_logs() as lines:
        failures.write()
    assert (lines[0]["detail"], lines[0]["upstream_code"]) == ("fault Client (HTTP 500): ...", "Client")
    assert "upstream_text" not in lines[0]


def test_a_short_word_of_the_upstream_does_not_eat_ours() -> None:
    """An upstream whose text is one letter leaves our own words whole."""
    failures = FailureLog({})
    detail = "the answer reports a failure at text: t"
    failures.add_upstream(UpstreamFault(Operation(upstream="u", name="o"), detail, quoted="t"), None)
    with capture_logs() as lines:
        failures.write()
    assert lines[0]["detail"] == "the answer reports a failure at text: ..."


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_a_limit_that_is_reached_is_one_line(engine: Engine) -> None:
    """With the request's id, and how many fields it cost; it is no warning."""
    options = {"engine": engine, "limits": {"max_calls": 3}}
    app = gateway(frontend(query=Query), options=options, shop=FakeUpstream(lambda call: 5))
    with capture_logs() as lines:
        answer = await app.answer(
            Request(frontend="app", query="{ products { rating } }", headers={"x-request-id": "r-1"})
        )
    assert isinstance(answer, Answer)
    assert {error["extensions"]["requestId"] for error in answer.errors} == {"r-1"}
    (line,) = lines
    assert (line["event"], line["log_level"], line["code"]) == ("refused", "info", "TOO_MANY_CALLS")
    assert (line["fields"], line["request_id"], line["frontend"]) == (MANY - 3, "r-1", "app")
