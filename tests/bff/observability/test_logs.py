"""Log lines: JSON or text, the level, and lines of the standard library in the same format."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest

from tests.e2e.command import environment

WRITE = """
import logging
import structlog
from bff.observability.logs import Options, configure_logging

configure_logging(Options(level="{level}", format="{format}"))
log = structlog.get_logger("shop")
log.info("started", port=8000)
log.warning("slow", upstream="pricing", seconds=1.5)
logging.getLogger("library").warning("from %s", "afar")
logging.getLogger("library").info("chatter")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


def written(level: str, format: str) -> list[str]:
    """The lines on standard error; nothing goes to standard output."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE.format(level=level, format=format)],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_lines() -> None:
    """One object per line with level, event, time in UTC and the event's own values."""
    started, slow, library, failed = map(orjson.loads, written("info", "json"))
    assert (started["event"], started["level"], started["port"]) == ("started", "info", 8000)
    assert started["timestamp"].endswith("Z")
    assert (slow["upstream"], slow["seconds"]) == ("pricing", 1.5)
    assert (library["event"], library["logger"], library["level"]) == ("from afar", "library", "warning")
    assert "ZeroDivisionError" in failed["exception"]


@pytest.mark.parametrize(("level", "events"), [("warning", ["slow", "from afar", "failed"]), ("error", ["failed"])])
def test_the_level_is_a_minimum(level: str, events: list[str]) -> None:
    """For events of both kinds."""
    assert [orjson.loads(line)["event"] for line in written(level, "json")] == events


def test_console_lines_are_text() -> None:
    """For people: no JSON, the same events."""
    text = "\n".join(written("info", "console"))
    assert "started" in text
    assert "port=8000" in text
    assert '{"' not in text
