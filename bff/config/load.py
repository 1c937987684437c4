"""Load bff.yaml: parse it, check every section, report all mistakes at once. Called by bff.app."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bff.config.check import SettingsBuilder
from bff.config.document import MAX_SIZE, Document, parse_document
from bff.config.mode import Mode
from bff.config.problems import ConfigError, Problem
from bff.config.settings import Settings


def load(
    path: Path, environment: Mapping[str, str], default_mode: Mode | None = None, *, has_placeholders: bool = False
) -> Settings:
    """The settings of a file, with ${VARIABLES} from `environment`. Raises ConfigError with every problem.

    `default_mode` is the mode of a file without `mode`. With `has_placeholders`, variables that are not set have values
    that suit their places; the settings name them.
    """
    document = parse_document(_read_text(path), str(path), environment, has_placeholders=has_placeholders)
    return SettingsBuilder(document, path.absolute().parent).build(default_mode)


def read_places(path: Path) -> Document:
    """The places of a file's values. Empty for one that cannot be read."""
    try:
        return parse_document(_read_text(path), str(path), {})
    except ConfigError:
        return Document(str(path))


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
        if len(content) > MAX_SIZE:
            raise ConfigError([Problem(str(path), 1, 1, "", f"the file is larger than {MAX_SIZE} bytes")])
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        message = "there is no such file; name one with --config, or run the command in the folder of bff.yaml"
    except IsADirectoryError:
        message = "this is a folder; name the file in it"
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}"
    raise ConfigError([Problem(str(path), 1, 1, "", message)])
