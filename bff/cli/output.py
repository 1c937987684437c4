"""Standard output of the commands. One that cannot be written ends a command with a sentence, not with a traceback."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

PIPE_CLOSED = 141
"""Exit code when the reader has closed the pipe, as `head` does: that of programs which SIGPIPE ends."""


class CannotPrint(OSError):
    """Standard output cannot be written."""


class _StdoutFile(io.RawIOBase):
    """The bytes below a stream that stands in for standard output."""

    def __init__(self, old: TextIO | None) -> None:
        """`old` is None where standard output is closed from the start."""
        super().__init__()
        self.name = "<stdout>"
        self._old = old

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._old is not None and self._old.isatty()

    def fileno(self) -> int:
        if self._old is None:
            raise io.UnsupportedOperation("fileno")
        return self._old.fileno()

    def write(self, data: Any) -> int:
        """Write some bytes. Raises CannotPrint."""
        if self._old is None:
            raise CannotPrint(errno.EBADF, "it is closed")
        try:
            return os.write(self._old.fileno(), data)
        except OSError as error:
            raise CannotPrint(error.errno, error.strerror) from error


def protect_stdout() -> None:
    """Let what cannot be printed raise CannotPrint, wherever it is printed."""
    old: TextIO | None = sys.stdout
    if old is not sys.__stdout__:
        return  # another program around us has its own
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_StdoutFile(old)),
        encoding=old.encoding if old else "utf-8",
        errors=old.errors if old else "strict",
        line_buffering=old is not None and old.isatty(),
    )


def discard_stdout() -> None:
    """Forget what is not printed yet, or the interpreter would try again at exit and fail."""
    sys.stdout = io.TextIOWrapper(io.BytesIO())
