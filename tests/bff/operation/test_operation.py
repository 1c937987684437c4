"""The record that is handed on: what it knows at first, and what policies fill."""

from __future__ import annotations

import pytest

from bff.contract import ANONYMOUS, Increments, Request
from bff.operation.operation import Operation, log_fields
from tests.bff.policies.inbound.world import app, operation


def test_nobody_is_known_at_first() -> None:
    """And a policy that asks for what no policy has filled yet is in the wrong place."""
    made = operation(app())
    assert made.caller is ANONYMOUS
    assert made.shared is None
    for name in ("plan", "deadline", "context", "scope"):
        with pytest.raises(AttributeError):
            getattr(made, name)


@pytest.mark.parametrize(
    ("increments", "incremental", "takes"),
    [(None, True, False), (Increments.IDS, True, True), (Increments.PATHS, False, False)],
)
def test_parts_go_to_clients_and_from_frontends_that_take_them(
    increments: Increments | None, incremental: bool, takes: bool
) -> None:
    """Both must."""
    made = Operation(Request(frontend="app", increments=increments), app(incremental=incremental))
    assert made.takes_parts == takes


def test_log_lines_are_found_by_the_request() -> None:
    """By its id and its frontend."""
    request = Request(frontend="app", headers={"x-request-id": "r-1"})
    assert log_fields(request) == Operation(request, app()).log_fields == {"frontend": "app", "request_id": "r-1"}
