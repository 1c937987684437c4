"""Forget the tracebacks of exceptions that are values. Called when they are logged, or will not be.

A traceback has the frames of all that ran, and one of them has the exception: a cycle with everything that the
operation has made. Only the garbage collector would free it, and it comes when memory has grown by gigabytes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any


def drop_tracebacks(errors: Iterable[BaseException], *, kept: Container[int] = ()) -> None:
    """Forget where exceptions, their causes and contexts were raised; not those whose ids are `kept`."""
    waiting: list[Any] = list(errors)
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen or id(error) in kept:
            continue
        seen.add(id(error))
        error.__traceback__ = None
        waiting += (error.__cause__, error.__context__, getattr(error, "original_error", None))
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions
