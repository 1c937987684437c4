"""The refusal that stands for an unexpected error. All error codes are in `bff.contract.codes`."""

from __future__ import annotations

from bff.contract import Problem, Refused


def make_internal_error(request_id: str = "") -> Refused:
    """The refusal sent instead of an unexpected error; `request_id` is that of its log line."""
    status = Problem.INTERNAL.status
    return Refused(Problem.INTERNAL.name, "Something went wrong.", status=status, request_id=request_id)
