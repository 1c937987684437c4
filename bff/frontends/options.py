"""What bff.yaml says of a frontend: `frontends.<name>`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from bff.documents.options import Batch, Documents
from bff.frontends.cors_options import Cors
from bff.frontends.upload_options import Upload
from connectors.options import Duration, Model, Size

_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
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

    tokens: int = Field(default=2000, ge=1)
    """Most tokens in a document; what is longer is not even parsed."""
    depth: int | None = Field(default=None, ge=1)
    """Most fields below one another."""
    fields: int | None = Field(default=10_000, ge=1)
    """Most fields, spreads and inline fragments, once every fragment is written out where it is spread."""
    aliases: int | None = Field(default=200, ge=0)
    """Most aliases; those of a fragment count wherever it is spread, as directives do."""
    root_fields: int | None = Field(default=50, ge=1)
    """Most fields of the operation itself."""
    directives: int | None = Field(default=200, ge=0)
    """Most directives, such as @include."""
    variables: Size = Field(default=256_000, ge=2)
    """Most bytes of the variables, as JSON."""
    cost: int | None = Field(default=None, ge=1)
    """Most that an operation may cost, estimated from the lengths of the lists it asks for."""
    calls: int | None = Field(default=None, ge=1)
    """Most upstream calls."""
    time: Duration | None = Field(default=None, gt=0)
    """How long an operation may take; never longer than `server.request_timeout`."""
    response: Size | None = Field(default=None, ge=1000)
    """Most bytes of an answer, or of one event, as JSON."""


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
    """What one operation may ask for; without a number there is no limit."""
    engine: Literal["compiled", "reference"] = "compiled"
    """What runs queries: our compiled engine, or graphql-core's executor."""
    share: bool = True
    """Run a query once for all who ask it at the same moment, where every header, the address of the client and the
    variables are the same."""
    share_across: tuple[str, ...] = ()
    """Headers that never change an answer, such as user-agent or x-forwarded-for: queries that differ in nothing else
    are shared too. `address` stands for the address of the client."""
    introspection: bool = True
    """Whether the schema can be asked for."""
    suggestions: bool | None = None
    """Whether errors say what about a document does not fit, with the nearest right name; as `introspection`, unless
    it is said."""
    documents: Documents = Field(default_factory=Documents)
    """Which documents a request may name instead of carrying one, and whether others are refused."""
    batch: Batch | None = None
    """Lets a request be a JSON array of several operations; without it arrays are refused."""
    upload: Upload | None = None
    """Take files, which REST upstreams are handed; without it none are taken."""
    cors: Cors = Field(default_factory=Cors)
    """Which pages of other sites may ask."""
    incremental: bool = True
    """Whether @defer and @stream send an answer in parts to clients that take parts; without, it is sent whole."""

    @property
    def explains(self) -> bool:
        """Whether errors may tell what is in the schema."""
        return self.introspection if self.suggestions is None else self.suggestions

    @field_validator("share_across")
    @classmethod
    def _tell_nobody_apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(each.lower() for each in value)
        for name in names:
            if name in _CREDENTIALS:
                raise ValueError(f"{name} says who asks, and nobody may get the answer of another one")
        return names

    @field_validator("schema_module")
    @classmethod
    def _is_module(cls, value: str) -> str:
        if not _MODULE.fullmatch(value):
            raise ValueError(f"{value!r} is not a Python module; write it with dots, such as schemas.mobile")
        return value
