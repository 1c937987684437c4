"""From results to answers: statuses, safe errors, what may be kept, and under whose request id."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLError
from structlog.testing import capture_logs

from bff.authoring import Context
from bff.contract import Caching, Encoded
from bff.operation.answers import answer_internal, answer_outcome, answer_result, answer_timeout
from bff.operation.operation import Operation, Outcome
from connectors.contract import Operation as Upstream
from connectors.errors import UpstreamFailed
from tests.bff.policies.inbound.world import app, prepared

CACHING = Caching(max_age=60, is_public=True)


def asked(request_id: str = "r-1", **options: Any) -> Operation:
    return prepared(app(**options), headers={"x-request-id": request_id})


def context(*degraded: str) -> Context:
    made = Context(frontend="app")
    for name in degraded:
        made.degraded.append({"path": [name], "code": "UPSTREAM_FAILED"})  # type: ignore[arg-type]  # as it is written
    return made


def test_data_without_errors() -> None:
    """May be kept, and is bounded by the frontend's limit."""
    encoded = Encoded()
    answer = answer_result(
        asked(limits={"max_response_size": 5000}),
        ExecutionResult({"a": 1}),
        context(),
        caching=CACHING,
        encoded=encoded,
    )
    assert (answer.data, answer.errors, answer.status) == ({"a": 1}, [], 200)
    assert (answer.caching, answer.encoded, answer.max_size) == (CACHING, encoded, 5000)


def test_a_field_error_leaves_data_and_is_not_kept() -> None:
    """Nor is its JSON shared, which holds a request id."""
    cause = UpstreamFailed(Upstream(upstream="shop", name="word"), "10.0.0.7 is gone")
    error = GraphQLError(str(cause), path=["a"], original_error=cause)
    answer = answer_result(
        asked(), ExecutionResult({"a": None}, [error]), context(), caching=CACHING, encoded=Encoded()
    )
    assert (answer.was_executed, answer.status, answer.caching, answer.encoded) == (True, 200, None, None)
    assert answer.errors[0]["extensions"] == {"code": "UPSTREAM_FAILED", "requestId": "r-1"}
    assert "10.0.0.7" not in str(answer.body())


def test_an_error_without_a_path_is_a_request_error() -> None:
    """Nothing ran: 400 and no data entry."""
    answer = answer_result(asked(), ExecutionResult(None, [GraphQLError("Variable $n is missing.")]), context())
    assert (answer.was_executed, answer.status) == (False, 400)
    assert "data" not in answer.body()


def test_each_that_shares_an_outcome_has_its_own_request_id() -> None:
    """In its errors and its log lines."""
    outcome = Outcome(RuntimeError("the password is hunter2"), context(), None)
    with capture_logs() as logs:
        answers = [answer_outcome(asked(name), outcome) for name in ("r-1", "r-2")]
    assert [each.errors[0]["extensions"]["requestId"] for each in answers] == ["r-1", "r-2"]
    assert [each["request_id"] for each in logs] == ["r-1", "r-2"]
    assert all(each.status == 500 and "hunter2" not in str(each.body()) for each in answers)


def test_a_result_that_cannot_be_told_is_masked() -> None:
    """An answer comes in every case."""
    with capture_logs() as logs:
        answer = answer_outcome(asked(), Outcome(object(), context(), None))
    assert answer.errors[0]["extensions"]["code"] == "INTERNAL"
    assert [each["event"] for each in logs] == ["request_failed"]


def test_a_timeout_names_the_time() -> None:
    """The operation ran, so that data is null."""
    with capture_logs() as logs:
        answer = answer_timeout(asked(), 2.5)
    assert "2.5 seconds" in answer.errors[0]["message"]
    assert answer.errors[0]["extensions"] == {"code": "TIMEOUT", "requestId": "r-1"}
    assert answer.body()["data"] is None
    assert [each["event"] for each in logs] == ["request_timeout"]


def test_something_unexpected_tells_nothing() -> None:
    """But where to look."""
    answer = answer_internal(asked().request)
    assert answer.body() == {
        "errors": [{"message": "Something went wrong.", "extensions": {"code": "INTERNAL", "requestId": "r-1"}}]
    }
