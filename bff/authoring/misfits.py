"""Values of upstreams that do not fit the type of their field: what stands in their places. Made by `records`."""

from __future__ import annotations

import re
from typing import Any

from bff.contract import Problem
from connectors.errors import UpstreamBadReply
from connectors.messages.value_kinds import describe_kind

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


class Misfit(Exception):
    """A value does not fit. `public` is for frontends, `detail` for the log; neither holds the value."""

    def __init__(self, public: str, code: str, detail: str = "") -> None:
        super().__init__(public)
        self.public = public
        self.code = code
        self.detail = detail or public


def misfit_record(type_name: str, value: Any) -> Misfit:
    """Another value where an object must be."""
    message = f"Expected an object for {type_name}, a service sent {describe_kind(value)}."
    return Misfit(message, UpstreamBadReply.code)


def misfit_type(type_name: str) -> Misfit:
    """An object of an interface or union whose type is not known."""
    return Misfit(
        f"A service sent an object of {type_name} without saying of which type.",
        Problem.INVALID_VALUE.name,
        f'The type of an object of {type_name} is not known. Give its types `@adopts(kind="...")`, with the field '
        "that identifies them, or an `is_type_of(cls, obj, info)`, or have the upstream send `__typename`.",
    )


def read_day(value: Any) -> str | None:
    """The day of a date with a time zone, as of xs:date, or with the time of midnight; None for all else."""
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    return found and found[1]


def misfit_scalar(type_name: str, value: Any) -> Misfit:
    """A value that a custom scalar does not take."""
    message = f"{type_name} cannot represent what a service sent."
    return Misfit(message, Problem.INVALID_VALUE.name, f"{type_name} cannot represent this: {describe_kind(value)}")
