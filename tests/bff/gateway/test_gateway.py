"""The gateway: requests in, answers out, coded errors, and the frontends it has."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bff.contract import Answer, Refused, Request, Timings, timings
from tests.bff.fakes import FakeUpstream, ask, gateway
from tests.bff.gateway.world import schema


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ word", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ wrod }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { echo(number: $n) }", "BAD_USER_INPUT"),
        ("query A { word } query B { word }", "OPERATION_NAME_NEEDED"),
        ("fragment F on Query { word }", "OPERATION_NOT_FOUND"),
        ("{ word " + "word " * 3000 + "}", "TOO_MANY_TOKENS"),
        ("{ a " * 900 + "}" * 900, "TOO_DEEP"),
    ],
)
async def test_a_request_that_cannot_run_says_why(query: str, code: str) -> None:
    """Nothing runs, there is no data entry, the code is stable."""
    answer = await ask(gateway(schema, limits={"max_depth": 20}, shop=FakeUpstream()), query)
    assert answer.errors[0]["extensions"]["code"] == code
    assert not answer.was_executed
    assert answer.status == 400
    assert "data" not in answer.body()


async def test_a_mutation_is_refused_over_get() -> None:
    """A link must not buy anything."""
    app = gateway(schema, shop=FakeUpstream())
    answer = await app.answer(Request(frontend="app", query='mutation { place(id: "1") }', no_mutations=True))
    assert isinstance(answer, Answer)
    assert answer.status == 405


def test_choosing_an_unknown_frontend_names_those_there_are() -> None:
    """By path: 404 and the list."""
    with pytest.raises(Refused) as caught:
        gateway(schema).choose({}, "phone")
    assert caught.value.code == "UNKNOWN_FRONTEND"
    assert "app" in caught.value.message


async def test_an_answer_is_given_whatever_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that fails unexpectedly is logged and masked, as a resolver is."""
    made = gateway(schema)

    async def fail(*_: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(made.frontends["app"].plans, "prepare_in_thread", fail)
    with capture_logs() as logs:
        answer = await made.answer(Request(frontend="app", query="{ echo }", headers={"x-request-id": "r-1"}))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.was_executed) == (500, False)
    assert answer.errors[0]["extensions"] == {"code": "INTERNAL", "requestId": "r-1"}
    assert "hunter2" not in str(answer.body())
    assert [(each["event"], each["request_id"]) for each in logs] == [("request_failed", "r-1")]


async def test_times_are_noted_only_where_they_are_asked_for() -> None:
    """Preparing and running, each by itself; nothing for a request that was refused."""
    made = gateway(schema, shop=FakeUpstream(lambda call: "hi", delay=0.02))
    noted = Timings(shows_names=False)
    token = timings.set(noted)
    try:
        await made.answer(Request(frontend="app", query="{ wrong }"))
        assert noted.parts == {}
        await made.answer(Request(frontend="app", query="{ word }"))
    finally:
        timings.reset(token)
    assert set(noted.parts) == {"prepare", "run"}
    assert noted.parts["run"] >= 0.02
