"""What all connectors' Options share: durations, sizes, paths, TLS. Filled from bff.yaml by bff.config."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)?")
_BYTES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def parse_duration(value: Any) -> float:
    """Seconds from `800ms`, `2s`, `1.5m`, `1h`. A bare number is refused: its unit would be a guess."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _SECONDS[match[2]]
    if isinstance(value, float) and not isinstance(value, bool):
        return value  # a default of a model, already in seconds
    raise ValueError(f"{value!r} is not a duration; write a number with its unit, such as 800ms, 2s or 5m")


def parse_size(value: Any) -> int:
    """Bytes from `512kB`, `8MB`, `64KiB`, or a plain number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        return int(float(match[1]) * _BYTES[match[2] or "B"])
    raise ValueError(f"{value!r} is not a size; write it like 512kB, 8MB or 64KiB")


def _parse_path(value: Any, info: ValidationInfo) -> Any:
    """Paths in bff.yaml are relative to the file that names them; `context={"folder": ...}` says where that is."""
    if not isinstance(value, str):
        return value
    return Path((info.context or {}).get("folder", ".")) / value


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h)$", "examples": ["800ms", "2s"]}),
]
"""Seconds, written with a unit."""
Size = Annotated[
    int, BeforeValidator(parse_size), WithJsonSchema({"type": ["string", "integer"], "examples": ["512kB", "8MB"]})
]
"""Bytes, written with a unit."""
ConfigPath = Annotated[Path, BeforeValidator(_parse_path), WithJsonSchema({"type": "string"})]
"""A path relative to the configuration file."""


class Model(BaseModel):
    """Base of every Options model: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class TlsOptions(Model):
    """How to speak TLS with an upstream."""

    ca: ConfigPath | None = None
    """File of trusted CA certificates (PEM) instead of the system's."""
    cert: ConfigPath | None = None
    """Client certificate chain (PEM) for mutual TLS; the file may contain the key too."""
    key: ConfigPath | None = None
    """Private key of the client certificate (PEM), when it is not in `cert`."""
    verify: bool = True
    """Verify the upstream's certificate. False accepts any certificate: for development only."""

    def context(self) -> ssl.SSLContext:
        """A client SSLContext. Raises OSError or ssl.SSLError when a file is missing or broken."""
        context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        if self.cert:
            context.load_cert_chain(str(self.cert), str(self.key) if self.key else None)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class ConnectorOptions(Model):
    """Options of every connector. `address` is the value of the kind's key: `rest: http://...`."""

    address: str
    tls: TlsOptions = Field(default_factory=TlsOptions)
    """TLS towards the upstream, used when the scheme of its address is a TLS scheme."""
    max_reply_size: Size = 8_000_000
    """Maximum size of a reply or message."""
    max_records: int | None = Field(default=200_000, ge=1)
    """Maximum number of records in one reply."""
    absent_lists: Literal["empty", "error"] = "error"
    """What a list is that a reply lacks or has as null, where the schema wants a list and the field has no `default`:
    `empty`, as of upstreams in Go, or the error UNEXPECTED_NULL."""
    max_depth: int = Field(default=100, ge=1, le=200)
    """Maximum nesting of objects and lists in a reply or message of JSON."""
    max_values: int | None = Field(default=1_000_000, ge=1)
    """Maximum number of values in a reply over 500 kB. An object, list, element or message counts as two."""

    @property
    def description_source(self) -> Literal["file", "upstream", "none"]:
        """Where what the upstream says of itself comes from: files beside bff.yaml, or the upstream when it is up."""
        return "none"
