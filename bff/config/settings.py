"""The settings of bff.yaml, as frozen records. Every room owns its Options; this module only assembles them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from bff.config.mode import Mode
from bff.config.problems import Problem
from bff.frontends.options import Options as FrontendOptions
from bff.http.options import Options as ServerOptions
from bff.identity.options import Provider as IdentityOptions
from bff.observability.logs import Options as LogOptions
from bff.upstreams import UpstreamSettings
from connectors.options import ConfigPath, Model


class Sections(Model):
    """The sections of bff.yaml that do not depend on the kinds of upstreams."""

    mode: Mode | None = None
    """`production` switches off what helps developers and strangers: introspection, suggestions, GraphiQL, /metrics,
    details of /ready, and names in errors and `Server-Timing`. An option that is set keeps its value. The default is
    `production`, and `development` for `bff demo` and `bff serve --reload`."""
    schemas: ConfigPath | None = None
    """Folder of the schemas' modules, where it is not that of bff.yaml: in an image, while bff.yaml is mounted."""
    frontends: dict[str, FrontendOptions] = Field(min_length=1)
    """The frontends by name. The first one that matches a request answers it."""
    identity: dict[str, IdentityOptions] = Field(default_factory=dict)
    """The identity providers by name: ways in which callers prove their identity. Frontends choose among them."""
    server: ServerOptions = Field(default_factory=ServerOptions)
    """How the gateway listens."""
    log: LogOptions = Field(default_factory=LogOptions)
    """Level and format of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A checked configuration."""

    upstreams: Mapping[str, UpstreamSettings]
    frontends: Mapping[str, FrontendOptions]
    identity: Mapping[str, IdentityOptions] = field(default_factory=dict)
    server: ServerOptions
    log: LogOptions
    folder: Path
    """The folder of bff.yaml as it was named: a symlink in it may lead elsewhere later. Relative paths begin here."""
    schemas: Path | None = None
    """The folder of the schemas' modules; None for that of bff.yaml."""
    mode: Mode = "production"
    default_mode: Mode = "production"
    """What `mode` is without the key."""
    has_mode: bool = False
    """Whether bff.yaml has the key."""
    switched_off: Sequence[str] = ()
    """What the mode switched off, in words for people. Empty if bff.yaml has `mode`."""
    unset: Sequence[Problem] = ()
    """Environment variables that have placeholders, because they are not set: for checks only."""
    warnings: Sequence[Problem] = ()
    """What is read and should be written differently: keys of earlier versions."""

    @property
    def module_folder(self) -> Path:
        """Where the modules of schemas are."""
        return self.schemas or self.folder
