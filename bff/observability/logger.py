"""What the gateway's own code logs with: `log = get_logger("bff.http")`, then `log.warning("event", name=value)`.

Logging never raises. Under the command line, `logs` has set an output. Embedded in another application, whose log it is
not, events go to structlog where the application has configured that, and to the standard library otherwise; in every
case without local variables and without secrets.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog

from bff.observability.lines import redact_event, write_out
from bff.observability.redaction import Redactor

REDACTOR = Redactor()
"""That of this process. The secrets of every bff.yaml that was loaded are added to it."""
_NAMES = {10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}


class Output(Protocol):
    """Where events go. Must not raise."""

    def write(self, logger: str, level: int, event: str, fields: Mapping[str, Any]) -> None:
        """Write one event."""


class _Embedded:
    """Hands events on to the log of the application around us."""

    def write(self, logger: str, level: int, event: str, fields: Mapping[str, Any]) -> None:
        clean = redact_event(REDACTOR, write_out(fields, shows_values=False))
        if structlog.is_configured():
            getattr(structlog.get_logger(logger), _NAMES[level])(event, **clean)
            return
        target = logging.getLogger(logger)
        if target.isEnabledFor(level):
            exception = clean.pop("exception", None)
            text = " ".join([event, *(f"{name}={value!r}" for name, value in clean.items())])
            target.log(level, "%s", text if exception is None else f"{text}\n{exception}")


_EMBEDDED = _Embedded()
_output: Output = _EMBEDDED


def set_output(output: Output | None) -> None:
    """Send events there; None sends them to the application around us."""
    global _output
    _output = output or _EMBEDDED


class Logger:
    """Logs events under one name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def debug(self, event: str, /, **fields: Any) -> None:
        """What helps to find a defect."""
        emit(self.name, logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: Any) -> None:
        """What is normal and rare."""
        emit(self.name, logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: Any) -> None:
        """What an operator should know."""
        emit(self.name, logging.WARNING, event, fields)

    def error(self, event: str, /, **fields: Any) -> None:
        """A defect, or work that was lost. `exc_info` may be an exception."""
        emit(self.name, logging.ERROR, event, fields)

    def exception(self, event: str, /, **fields: Any) -> None:
        """The same with the exception that is handled right now."""
        emit(self.name, logging.ERROR, event, {**fields, "exc_info": sys.exc_info()[1]})


def get_logger(name: str) -> Logger:
    """A logger of this name."""
    return Logger(name)


def emit(logger: str, level: int, event: str, fields: Mapping[str, Any]) -> None:
    """Log one event. Never raises: no line is worth an answer."""
    with suppress(Exception):  # of the application around us; our own output counts what it cannot write
        _output.write(logger, level, event, fields)
