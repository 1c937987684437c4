"""Logging: one line per event, as JSON or as coloured text. The command line configures it once."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import orjson
import structlog
from pydantic import Field

from connectors.options import Model


class Options(Model):
    """The options under `log` in bff.yaml."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Minimum level of log lines."""
    format: Literal["json", "console"] = Field(default="json")
    """`json`: one JSON object per line. `console`: coloured text for a terminal."""


def _serialize_event(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configure_logging(options: Options) -> None:
    """Write the events of structlog and of the standard library to stderr in one format."""
    render: list[Any] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_serialize_event),
    ]
    if options.format == "console":
        render = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    level = logging.getLevelNamesMapping()[options.level.upper()]
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*before, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    foreign = [structlog.stdlib.add_logger_name, *before, structlog.stdlib.ExtraAdder()]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=foreign,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
