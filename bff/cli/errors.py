"""How a mistake ends a command: one line per mistake instead of a traceback, and a non-zero exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from bff.authoring import SchemaError
from bff.checks import read_findings
from bff.cli.console import console, print_error
from bff.cli.output import PIPE_CLOSED, CannotPrint, discard_stdout
from bff.cli.report import count_findings, print_findings
from bff.config import ConfigError
from bff.http.server.run import CannotListen

P = ParamSpec("P")


def exit_with_code(command: Callable[P, int | None]) -> Callable[P, None]:
    """Run a command and exit with its code: 0 by default, 1 after a mistake of the user, 130 after Ctrl-C."""

    @wraps(command)
    def run_command(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except (ConfigError, SchemaError) as error:
            findings = read_findings(error, Path(str(kwargs.get("config", "bff.yaml"))))
            print_findings(findings)
            console.print(count_findings(findings))
            code = 1
        except CannotListen as error:
            print_error(str(error))
            code = 1
        except KeyboardInterrupt:
            code = 130
        sys.exit(code or 0)

    return run_command


def report_unprinted(error: CannotPrint) -> int:
    """The exit code when standard output cannot be written. Nothing is said where its reader has gone on purpose."""
    discard_stdout()
    if error.errno == errno.EPIPE:
        return PIPE_CLOSED
    print_error(f"standard output cannot be written: {error.strerror}")
    return 1
