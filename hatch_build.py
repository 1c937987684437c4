"""What the wheel needs beside the sources: GraphiQL's assets, which `make graphiql` builds. Run by hatchling."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_ASSETS = "bff/http/graphiql/assets"


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own classes are not parametrized
    """Says so when a wheel would lack the assets; with BFF_RELEASE=1 it is not built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build."""
        if version == "editable" or (Path(self.root) / _ASSETS / "main.js").is_file():
            return
        message = f"{_ASSETS} is missing, so GraphiQL's page loads from a public CDN; run `make graphiql` before"
        if os.environ.get("BFF_RELEASE") == "1":
            raise RuntimeError(f"{message} a release")
        self.app.display_warning(f"{message} to include it")
