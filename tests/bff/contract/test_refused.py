"""A refusal as the frontend reads it."""

from __future__ import annotations

from bff.contract import Refused


def test_a_refusal_is_a_request_error() -> None:
    """Nothing ran: no data entry, one coded error, the HTTP status."""
    answer = Refused("TOO_DEEP", "Ask for less.", status=400).answer()
    assert (answer.was_executed, answer.status) == (False, 400)
    assert answer.body() == {"errors": [{"message": "Ask for less.", "extensions": {"code": "TOO_DEEP"}}]}


def test_a_logged_refusal_names_its_log_line() -> None:
    """By the request id."""
    answer = Refused("INTERNAL", "Something went wrong.", status=500, request_id="r-1").answer()
    assert answer.errors[0]["extensions"] == {"code": "INTERNAL", "requestId": "r-1"}
