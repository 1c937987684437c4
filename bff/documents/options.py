"""What bff.yaml says of documents and batches: `frontends.<name>.documents` and `frontends.<name>.batch`."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.options import ConfigPath, Duration, Model, Size

REDIS_SCHEMES = ("redis://", "rediss://")


class Documents(Model):
    """Documents that requests name instead of carrying them."""

    persisted: bool = False
    """Automatic persisted queries: a client sends a hash, and the document only if it is not known."""
    most: int = Field(default=1000, ge=1)
    """Most persisted queries in memory; the least recently used leave."""
    most_bytes: Size = Field(default=4_000_000, ge=1)
    """Most bytes of persisted queries in memory."""
    store: SecretStr | None = None
    """A Redis that all processes share, such as ${REDIS_URL}; without one each process has its own memory."""
    ttl: Duration = Field(default=7 * 24 * 3600.0, ge=1)
    """How long the Redis keeps a persisted query that nobody asks for."""
    manifest: ConfigPath | None = None
    """File of trusted documents, as Apollo's or Relay's tools write it."""
    only: bool = False
    """Whether everything is refused but the documents of the manifest."""

    @field_validator("store")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(REDIS_SCHEMES):
            raise ValueError("is no address of a Redis; write it like redis://host:6379/0")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.only and self.manifest is None:
            raise ValueError("`only` needs a `manifest` with the documents that are allowed")
        if self.only and self.persisted:
            raise ValueError("`only` and `persisted` exclude each other: a persisted query is anybody's document")
        if self.store is not None and not self.persisted:
            raise ValueError("`store` is where persisted queries are kept; add `persisted: true`")
        return self


class Batch(Model):
    """Several operations in one request, as a JSON array."""

    most: int = Field(default=10, ge=1, le=1000)
    """Most operations in one array; they run at the same time."""
