"""The `bff` command. One file per subcommand family; `main` is what pyproject.toml installs."""

from bff.cli.main import main

__all__ = ["main"]
