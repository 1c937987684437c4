"""What others write: records of the standard library, text for sys.stderr, exceptions that nothing handles."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from bff.observability.redaction import Redactor
from bff.observability.sink import Sink
from bff.observability.standard import OutputHandler, PlainStderr, log_unhandled, stand_in_for_stderr
from tests.waiting import GENEROUS


class Output:
    def __init__(self) -> None:
        self.events: list[tuple[str, int, str, Mapping[str, Any]]] = []

    def write(self, logger: str, level: int, event: str, fields: Mapping[str, Any]) -> None:
        self.events.append((logger, level, event, fields))


def test_a_record_becomes_an_event() -> None:
    """With its extra fields and its exception; one whose arguments do not fit is written all the same."""
    output = Output()
    handler = OutputHandler(output)
    error = ValueError("x")
    record = logging.LogRecord("lib", logging.WARNING, "f.py", 1, "%s of %d", ("a", 2), (ValueError, error, None))
    record.shop = "toys"
    handler.handle(record)
    handler.handle(logging.LogRecord("lib", logging.ERROR, "f.py", 1, "%d", ("a", "b"), None))
    handler.addFilter(lambda record: record.name != "lib")
    handler.handle(record)
    assert output.events == [
        ("lib", logging.WARNING, "a of 2", {"shop": "toys", "exc_info": error}),
        ("lib", logging.ERROR, "%d", {}),
    ]


def test_text_for_stderr_becomes_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole lines at once, the rest with a flush; forms of secrets are hidden, but not from those at the terminal."""
    written = bytearray()

    def write(data: memoryview) -> int:
        written.extend(data)
        return len(data)

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    sink = Sink(write, wait_until_writable=lambda _: True)
    redactor = Redactor()
    redactor.add_secrets(["demo-key"])
    stand_in_for_stderr(sink, redactor)
    print("one\ntwo", file=sys.stderr)
    print("half", end="", file=sys.stderr)
    assert sink.flush(GENEROUS)
    assert bytes(written) == b"one\ntwo\n"
    sys.stderr.flush()
    print(" demo-key \ud800", file=sys.stderr)
    print("demo-key", file=PlainStderr())
    assert not sys.stderr.isatty()
    with pytest.raises(io.UnsupportedOperation):
        sys.stderr.fileno()
    assert sink.flush(GENEROUS)
    assert bytes(written) == b"one\ntwo\nhalf *** \\ud800\ndemo-key\n"


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_plain_text_follows_stderr(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None) -> None:
    """Whatever it is now, also nothing at all."""
    monkeypatch.setattr(sys, "stderr", stream)
    print("text", file=PlainStderr(), flush=True)
    assert not PlainStderr().isatty()
    assert stream is None or stream.getvalue() == "text\n"


def test_exceptions_that_nothing_handles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the process and of threads; Ctrl-C stays as it is."""
    for name in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    output = Output()
    log_unhandled(output)
    error = ZeroDivisionError("x")
    sys.excepthook(ZeroDivisionError, error, None)
    thread = threading.Thread(target=lambda: 1 / 0, name="worker")
    thread.start()
    thread.join()
    assert [each[:3] for each in output.events] == [
        ("bff", logging.CRITICAL, "crashed"),
        ("threading", logging.ERROR, "thread_failed"),
    ]
    assert output.events[0][3]["exc_info"] is error
    assert output.events[1][3]["thread"] == "worker"
