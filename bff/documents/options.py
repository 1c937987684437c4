"""The options under `frontends.<name>.documents` and `frontends.<name>.batch` in bff.yaml."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.options import ConfigPath, Duration, Model, Size

REDIS_SCHEMES = ("redis://", "rediss://")


class Documents(Model):
    """Documents that a request can name by id or hash instead of sending their text."""

    persisted: bool = False
    """Automatic persisted queries: a client sends a hash, and the document only when the gateway does not know it."""
    max_entries: int = Field(default=1000, ge=1)
    """Maximum number of persisted queries in memory; the least recently used is removed first."""
    max_size: Size = Field(default=4_000_000, ge=1)
    """Maximum total size of persisted queries in memory."""
    store: SecretStr | None = None
    """URL of a Redis that all processes share, such as ${REDIS_URL}. Without it each process has its own memory."""
    ttl: Duration = Field(default=7 * 24 * 3600.0, ge=1)
    """How long Redis keeps a persisted query after its last use."""
    manifest: ConfigPath | None = None
    """File of trusted documents, in the format of Apollo's or Relay's tools."""
    trusted_only: bool = False
    """Refuse every document that is not in the manifest."""

    @field_validator("store")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(REDIS_SCHEMES):
            raise ValueError("is not a Redis URL; write it like redis://host:6379/0")
        if value is not None:
            _check_port(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.trusted_only and self.manifest is None:
            raise ValueError("`trusted_only` needs a `manifest` with the documents that are allowed")
        if self.trusted_only and self.persisted:
            raise ValueError("`trusted_only` and `persisted` exclude each other: any client can add a persisted query")
        if self.store is not None and not self.persisted:
            raise ValueError("`store` holds persisted queries; add `persisted: true`")
        return self


def _check_port(url: str) -> None:
    try:
        port = urlsplit(url).port
    except ValueError:  # its text may repeat a password
        port = 0
    if port == 0:
        raise ValueError("has a port that is no number from 1 to 65535; write it like redis://host:6379/0")


class Batch(Model):
    """Several operations in one request, as a JSON array."""

    max_operations: int = Field(default=10, ge=1, le=1000)
    """Maximum number of operations in one array. They run concurrently."""
