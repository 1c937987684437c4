"""The `bff` command: one file per subcommand in `commands`, and one line each in `main`."""

from bff.cli.main import main

__all__ = ["main"]
