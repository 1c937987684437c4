"""Refusals of the HTTP room. The codes are those of `bff.contract.codes`."""

from __future__ import annotations

from bff.contract import Problem, Refused

__all__ = ["Problem", "internal"]


def internal(request_id: str = "") -> Refused:
    """What a client reads when something unexpected went wrong; `request_id` is that of the log line."""
    status = Problem.INTERNAL.status
    return Refused(Problem.INTERNAL.name, "Something went wrong.", status=status, request_id=request_id)
