"""A configuration in a folder of its own, loaded from text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from bff.config import ConfigError, Settings, load

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


@pytest.fixture
def load_text(tmp_path: Path) -> Load:
    """`load_text("upstreams: ...", TOKEN="t")`: the settings of this text with these variables."""

    def load_it(text: str | bytes, **environment: str) -> Settings:
        path = tmp_path / "bff.yaml"
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode())
        return load(path, environment)

    return load_it


@pytest.fixture
def problems_of(load_text: Load, tmp_path: Path) -> Problems:
    """The problems of this text as they are printed, without the folder."""

    def tell(text: str | bytes, **environment: str) -> list[str]:
        with pytest.raises(ConfigError) as refused:
            load_text(text, **environment)
        return [str(problem).replace(f"{tmp_path}/", "") for problem in refused.value.problems]

    return tell
