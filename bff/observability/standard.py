"""What others write, into the same log: lines of the standard library, and text for sys.stderr. Used by `logs`."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from bff.observability.logger import Output
from bff.observability.redaction import Redactor
from bff.observability.sink import Sink

_MAX_LINE = 16_000
_RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class OutputHandler(logging.Handler):
    """Hands records of the standard library on as events."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the handler's lock: the output takes events from any thread."""
        if self.filter(record):
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Hand on one record; a message that does not fit its arguments is written without them."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - of a library that logs
            message = str(record.msg)
        fields: dict[str, Any] = {k: v for k, v in vars(record).items() if k not in _RECORD_FIELDS}
        if record.exc_info and record.exc_info[1] is not None:
            fields["exc_info"] = record.exc_info[1]
        self._output.write(record.name, record.levelno, message, fields)


class _SinkFile(io.RawIOBase):
    """The bytes below a stream that stands in for standard error."""

    def __init__(self, sink: Sink, old: TextIO | None, clean: Callable[[str], str] | None) -> None:
        """`old` says whether there is a terminal, and lends its descriptor to processes that are started."""
        super().__init__()
        self.name = "<stderr>"
        self._sink = sink
        self._old = old
        self._clean = clean
        self._begun = b""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        try:
            return self._old is not None and self._old.isatty()
        except ValueError:  # it is closed
            return False

    def fileno(self) -> int:
        if self._old is None:
            raise io.UnsupportedOperation("fileno")
        return self._old.fileno()

    def write(self, data: Any) -> int:
        """Queue whole lines, and keep what is begun until it is whole or flushed."""
        given = bytes(data)
        *lines, self._begun = (self._begun + given).split(b"\n")
        for line in lines:
            self._queue(line + b"\n")
        if len(self._begun) > _MAX_LINE:
            self.flush()
        return len(given)

    def flush(self) -> None:
        begun, self._begun = self._begun, b""
        if begun:
            self._queue(begun)

    def _queue(self, text: bytes) -> None:
        if self._clean is not None:
            text = self._clean(text.decode("utf-8", "replace")).encode("utf-8", "replace")
        self._sink.write(text)


class _StandIn(io.TextIOWrapper):
    """Text for standard error that goes to the sink."""

    def __init__(self, file: _SinkFile) -> None:
        super().__init__(file, encoding="utf-8", errors="backslashreplace", line_buffering=True, write_through=True)
        self.plain: TextIO = self


class PlainStderr(io.TextIOBase):
    """Standard error as it is now, for text that holds nothing to hide: what commands print to people."""

    def write(self, text: str) -> int:
        """Write to what sys.stderr is now."""
        stream = self._find_stream()
        return len(text) if stream is None else stream.write(text)

    def flush(self) -> None:
        """Hand on what is begun."""
        if stream := self._find_stream():
            stream.flush()

    def isatty(self) -> bool:
        """Whether people read it."""
        stream = self._find_stream()
        return stream is not None and stream.isatty()

    def fileno(self) -> int:
        """The descriptor; raises io.UnsupportedOperation where there is none."""
        stream = self._find_stream()
        if stream is None:
            raise io.UnsupportedOperation("fileno")
        return stream.fileno()

    @staticmethod
    def _find_stream() -> TextIO | None:
        stream: TextIO | None = sys.stderr
        return stream.plain if isinstance(stream, _StandIn) else stream


def stand_in_for_stderr(sink: Sink, redactor: Redactor) -> None:
    """Replace sys.stderr by a stream that never raises and never blocks, over the sink."""
    old: TextIO | None = sys.stderr
    stand_in = _StandIn(_SinkFile(sink, old, redactor.redact_forms))
    stand_in.plain = _StandIn(_SinkFile(sink, old, None))
    sys.stderr = stand_in


def log_unhandled(output: Output) -> None:
    """Exceptions that nothing handles become events too: of the process, of threads, of destructors."""

    def log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        output.write("bff", logging.CRITICAL, "crashed", {"exc_info": error})

    def log_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            name = arguments.thread.name if arguments.thread else ""
            output.write("threading", logging.ERROR, "thread_failed", {"thread": name, "exc_info": arguments.exc_value})

    def log_unraisable(arguments: sys.UnraisableHookArgs) -> None:
        about = {"problem": arguments.err_msg or "an exception was ignored", "object": repr(arguments.object)[:200]}
        output.write("python", logging.ERROR, "exception_ignored", {**about, "exc_info": arguments.exc_value})

    sys.excepthook = log_crash
    threading.excepthook = log_thread
    sys.unraisablehook = log_unraisable
