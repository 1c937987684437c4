"""Logging: one line per event, as JSON or as text, to standard error. The command line configures it once."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, NoReturn

import structlog
from pydantic import Field

from bff.observability.lines import ConsoleFormat, Format, JsonFormat, write_out
from bff.observability.logger import REDACTOR, Logger, emit, set_output
from bff.observability.sink import MAX_UNWRITTEN, Sink, open_sink
from bff.observability.standard import OutputHandler, log_unhandled, stand_in_for_stderr
from connectors.options import Model, Size


class Options(Model):
    """The options under `log` in bff.yaml."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Minimum level of log lines."""
    format: Literal["json", "console"] = Field(default="json")
    """`json`: one JSON object per line. `console`: coloured text for a terminal."""
    values: bool = False
    """Write values and error texts of upstreams into the log. They may be personal data."""
    redact: list[Annotated[str, Field(min_length=3, pattern=r"^[A-Za-z0-9_-]+$")]] = Field(default_factory=list)
    """Further parts of names whose values are replaced by `***`, such as `iban`."""
    max_unwritten: Size = Field(default=MAX_UNWRITTEN, ge=10_000)
    """Maximum size of lines that wait to be written. Further lines are dropped and counted."""


class LogOutput:
    """Formats events and queues them as lines. Never raises."""

    def __init__(self, sink: Sink, format_event: Format, *, level: int, shows_values: bool) -> None:
        self._sink = sink
        self._format = format_event
        self._level = level
        self._shows_values = shows_values
        self._names = {value: name.lower() for name, value in logging.getLevelNamesMapping().items()}
        self._names[logging.WARNING] = "warning"

    def write(self, logger: str, level: int, event: str, fields: Mapping[str, Any]) -> None:
        """Write one event of at least the level."""
        if level < self._level:
            return
        try:
            self._sink.write(self._format(self._complete(logger, level, event, fields)))
        except Exception:  # noqa: BLE001 - whatever is in an event, it must not cost an answer
            self._sink.drop("failed")

    def write_notice(self, count: int, reasons: Mapping[str, int]) -> bytes:
        """The line about lines that were dropped."""
        fields = {"count": count, "reasons": dict(reasons)}
        event = f"{count} lines were dropped"
        return self._format(self._complete("bff.observability", logging.WARNING, event, fields))

    def _complete(self, logger: str, level: int, event: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "timestamp": datetime.now(UTC),
            "level": self._names.get(level) or str(level),
            "event": event,
            "logger": logger,
            **structlog.contextvars.get_contextvars(),
            **write_out(fields, shows_values=self._shows_values),
        }


@cache
def protect_stderr() -> Sink:
    """Let nothing that is written to standard error raise or wait. The command line calls it before anything else."""
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            os.fstat(descriptor)
            continue
        os.open(os.devnull, os.O_RDWR)  # takes the free number, which the next socket would have got
    sink = open_sink()
    stand_in_for_stderr(sink, REDACTOR)
    return sink


def configure_logging(options: Options) -> None:
    """Write the events of this gateway, of structlog and of the standard library to stderr in one format."""
    sink = protect_stderr()
    sink.max_unwritten = options.max_unwritten
    REDACTOR.set_names(options.redact)
    chosen: Format = JsonFormat(REDACTOR)
    if options.format == "console":
        chosen = ConsoleFormat(REDACTOR, has_colours=sys.stderr.isatty() and "NO_COLOR" not in os.environ)
    level = logging.getLevelNamesMapping()[options.level.upper()]
    output = LogOutput(sink, chosen, level=level, shows_values=options.values)
    sink.notice = output.write_notice
    set_output(output)
    log_unhandled(output)
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[OutputHandler(output)], force=True)
    logging.captureWarnings(True)

    def write_event(logger: Logger, method: str, event: MutableMapping[str, Any]) -> NoReturn:
        """The only processor: what authors log with structlog is written as our own events are."""
        number = logging.getLevelNamesMapping().get(method.upper(), logging.ERROR)
        if event.get("exc_info") is True or method == "exception":
            event["exc_info"] = sys.exc_info()[1]
        name = str(event.pop("event", ""))
        emit(logger.name, number, name, event)  # to the output as it is now: a reload replaces it
        raise structlog.DropEvent

    structlog.configure(
        processors=[write_event],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: Logger(str(names[0]) if names else ""),
        cache_logger_on_first_use=True,
    )


def flush_logs() -> None:
    """Wait until what was logged is written, for a second at most. For processes that a signal ends."""
    if protect_stderr.cache_info().currsize:
        protect_stderr().flush()
