"""The logger: events go where the process writes its log, and logging never raises."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bff.observability.logger import get_logger, set_output

log = get_logger("bff.test")


class Output:
    def __init__(self) -> None:
        self.events: list[tuple[str, int, str, Mapping[str, Any]]] = []

    def write(self, logger: str, level: int, event: str, fields: Mapping[str, Any]) -> None:
        self.events.append((logger, level, event, fields))
        if event == "broken":
            raise OSError


@pytest.fixture
def output() -> Iterator[Output]:
    made = Output()
    set_output(made)
    yield made
    set_output(None)


@pytest.fixture
def fresh() -> Iterator[None]:
    """structlog as the application around us has left it: not configured."""
    kept = structlog.get_config() if structlog.is_configured() else None
    structlog.reset_defaults()
    yield
    if kept is not None:
        structlog.configure(**kept)


def test_levels_and_fields(output: Output) -> None:
    """Each method has its level; `exception` takes the one that is handled."""
    log.debug("a", n=1)
    log.info("b")
    log.warning("c")
    log.error("d")
    log_failure()
    assert output.events[-1][:3] == ("bff.test", logging.ERROR, "failed")
    assert isinstance(output.events[-1][3]["exc_info"], RuntimeError)
    assert [each[:3] for each in output.events[:4]] == [
        ("bff.test", level, event) for level, event in zip((10, 20, 30, 40), "abcd", strict=True)
    ]


def test_logging_never_raises(output: Output) -> None:
    """Not even when the output does."""
    log.error("broken")
    assert len(output.events) == 1


def fail() -> None:
    headers = {"authorization": "Bearer hunter2", "cookie": "sid=hunter2"}
    raise RuntimeError(f"{len(headers)} headers, token=hunter2")


def log_failure() -> None:
    try:
        fail()
    except RuntimeError:
        log.exception("failed", headers=[("cookie", "hunter2")], url="http://u:hunter2@host/")


@pytest.mark.usefixtures("fresh")
def test_embedded_events_go_to_the_standard_library(caplog: pytest.LogCaptureFixture) -> None:
    """Under the logger's name, without local variables and secrets."""
    caplog.set_level(logging.INFO)
    log_failure()
    log.debug("chatter")
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("bff.test", "ERROR")
    assert "in fail" in record.getMessage()
    assert record.getMessage().startswith("failed headers=")
    assert "hunter2" not in caplog.text


@pytest.mark.usefixtures("fresh")
def test_embedded_events_go_to_structlog_where_it_is_configured() -> None:
    """Its processors get text instead of an exception, so that none can print local variables."""
    with capture_logs() as lines:
        log_failure()
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("failed", "error")
    assert "exc_info" not in line
    assert "in fail" in line["exception"]
    assert "hunter2" not in str(line)
