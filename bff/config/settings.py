"""Everything bff.yaml says, as frozen records. Every room owns its Options; this only puts them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from bff.frontends.options import Options as FrontendOptions
from bff.http.options import Options as ServerOptions
from bff.observability.logs import Options as LogOptions
from bff.upstreams import UpstreamSettings
from connectors.options import Model


class Sections(Model):
    """The sections of bff.yaml that need no knowledge of upstream kinds."""

    frontends: dict[str, FrontendOptions] = Field(min_length=1)
    """Who is served, by name. The first one that fits a request answers it."""
    server: ServerOptions = Field(default_factory=ServerOptions)
    """How the gateway listens."""
    log: LogOptions = Field(default_factory=LogOptions)
    """What is logged, and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A checked configuration."""

    upstreams: Mapping[str, UpstreamSettings]
    frontends: Mapping[str, FrontendOptions]
    server: ServerOptions
    log: LogOptions
    folder: Path
    """Where bff.yaml lies: paths in it, and the schemas it names, are looked for here."""
