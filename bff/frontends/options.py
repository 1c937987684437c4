"""What bff.yaml says of a frontend: `frontends.<name>`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from connectors.options import Model

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class ApiKey(Model):
    """Let in who sends one of these keys."""

    header: str = "x-api-key"
    """Name of the header that holds the key."""
    keys: list[Annotated[SecretStr, Field(min_length=1)]] = Field(min_length=1)
    """The keys; write them as ${VARIABLES}."""

    @field_validator("header")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()


class Match(Model):
    """Which requests to /graphql are for this frontend; any rule that fits is enough."""

    header: dict[str, str] = Field(default_factory=dict)
    """Header name -> exact value."""
    host: tuple[str, ...] = ()
    """Host names, without port."""
    api_key: ApiKey | None = None
    """API keys. A frontend with keys is closed to everyone without one, by its own path too."""

    @field_validator("header")
    @classmethod
    def _lower_names(cls, value: dict[str, str]) -> dict[str, str]:
        return {name.lower(): each for name, each in value.items()}

    @field_validator("host")
    @classmethod
    def _lower_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each.lower() for each in value)


class Limits(Model):
    """What one operation may ask for."""

    depth: int | None = Field(default=None, ge=1)
    """Most fields below one another."""
    cost: int | None = Field(default=None, ge=1)
    """Most objects, estimated from the sizes of the lists asked for."""
    calls: int | None = Field(default=None, ge=1)
    """Most upstream calls."""
    tokens: int = Field(default=2000, ge=1)
    """Most tokens in a document."""


class Options(Model):
    """One frontend."""

    schema_module: str = Field(alias="schema")
    """Python module that exports `schema`, such as schemas.mobile."""
    match: Match = Field(default_factory=Match)
    """Which requests to /graphql it answers."""
    default: bool = False
    """Answers requests to /graphql that fit no other frontend."""
    description: str = ""
    """Shown in GraphiQL instead of the schema's own."""
    limits: Limits = Field(default_factory=Limits)
    """What one operation may ask for; what is not named is unlimited, but for tokens."""
    introspection: bool = True
    """Whether the schema can be asked for."""
    incremental: bool = True
    """Whether @defer and @stream send an answer in parts to clients that take parts; without, it is sent whole."""

    @field_validator("schema_module")
    @classmethod
    def _is_module(cls, value: str) -> str:
        if not _MODULE.fullmatch(value):
            raise ValueError(f"{value!r} is not a Python module; write it with dots, such as schemas.mobile")
        return value
