"""The options under `frontends.<name>` in bff.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from bff.contract import CONNECTION_HEADERS
from bff.documents.options import Batch, Documents
from bff.frontends.cors_options import Cors
from bff.frontends.header_options import Headers
from bff.frontends.upload_options import Upload
from connectors.options import Duration, Model, Size

_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class ApiKey(Model):
    """Accept requests that send one of these keys."""

    header: str = "x-api-key"
    """Name of the header that holds the key."""
    keys: list[Annotated[SecretStr, Field(min_length=1)]] = Field(min_length=1)
    """The keys; write them as ${VARIABLES}."""

    @field_validator("header")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, value: list[SecretStr]) -> list[SecretStr]:
        seen: dict[str, int] = {}
        for place, key in enumerate(value, 1):
            first = seen.setdefault(key.get_secret_value(), place)
            if first != place:
                raise ValueError(f"key {place} is the same as key {first}; remove one, or write another key")
        return value


class Match(Model):
    """Which requests to /graphql are for this frontend; one matching rule is enough."""

    header: dict[str, str] = Field(default_factory=dict)
    """Header names and their exact values."""
    host: tuple[str, ...] = ()
    """Host names, without port."""
    api_key: ApiKey | None = None
    """API keys. A frontend with keys refuses requests without one, also at /graphql/<name>."""

    @field_validator("header")
    @classmethod
    def _lower_names(cls, value: dict[str, str]) -> dict[str, str]:
        return {name.lower(): each for name, each in value.items()}

    @field_validator("host")
    @classmethod
    def _lower_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each.lower() for each in value)


class Limits(Model):
    """What one operation may use."""

    max_tokens: int = Field(default=2000, ge=1)
    """Maximum number of tokens in a document. A longer document is not parsed."""
    max_depth: int | None = Field(default=15, ge=1)
    """Maximum depth of nested fields. Introspection is not counted."""
    max_fields: int | None = Field(default=10_000, ge=1)
    """Maximum number of fields, spreads and inline fragments, counted wherever a fragment is spread."""
    max_aliases: int | None = Field(default=200, ge=0)
    """Maximum number of aliases, counted wherever a fragment is spread."""
    max_root_fields: int | None = Field(default=50, ge=1)
    """Maximum number of fields at the top level of the operation."""
    max_directives: int | None = Field(default=200, ge=0)
    """Maximum number of directives, such as @include, counted wherever a fragment is spread."""
    max_variables_size: Size = Field(default=256_000, ge=2)
    """Maximum size of the variables, as JSON."""
    max_string_length: int | None = Field(default=100_000, ge=1)
    """Maximum number of characters of a string in variables and documents; `@constraint` sets lower ones."""
    max_list_size: int | None = Field(default=1_000, ge=1)
    """Maximum number of items of a list in variables and documents; `@constraint` sets lower ones."""
    max_cost: int | None = Field(default=10_000, ge=1)
    """Maximum cost of an operation, estimated from the lengths of the requested lists."""
    max_cpu: Duration | None = Field(default=1.0, gt=0)
    """Maximum CPU time of an operation, or of one event of a subscription. `null` turns measuring off."""
    max_calls: int | None = Field(default=None, ge=1)
    """Maximum number of upstream calls."""
    timeout: Duration | None = Field(default=None, gt=0)
    """Maximum duration of an operation; `server.request_timeout` applies too."""
    max_response_size: Size | None = Field(default=None, ge=1000)
    """Maximum size of a response, or of one event, as JSON."""


class ConnectionInit(Model):
    """What the payload of connection_init may say over websockets."""

    headers: tuple[str, ...] = ("authorization",)
    """Entries of the payload that become request headers. The headers of `match` are always taken. List no header that
    a proxy sets for upstreams to trust, such as x-user-id."""

    @field_validator("headers")
    @classmethod
    def _check_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(each.lower() for each in value)
        for name in names:
            if CONNECTION_HEADERS.fullmatch(name):
                raise ValueError(f"{name} is a header of the connection or of proxies; a client must not set it")
        return names


class Options(Model):
    """One frontend."""

    schema_module: str = Field(alias="schema")
    """Python module that exports `schema`, such as schemas.mobile."""
    match: Match = Field(default_factory=Match)
    """Which requests to /graphql this frontend answers."""
    identity: tuple[str, ...] = ()
    """The identity providers that find the caller, by their names under `identity`. They are tried in this order."""
    when_missing: Literal["refuse", "anonymous"] = "refuse"
    """What happens to a request without a credential, for a frontend with `identity`. `anonymous` answers it; a
    credential that is not valid is always refused."""
    default: bool = False
    """Answer requests to /graphql that match no other frontend."""
    description: str = ""
    """Description in GraphiQL instead of the schema's own."""
    limits: Limits = Field(default_factory=Limits)
    """Limits of one operation; `null` removes a limit."""
    engine: Literal["compiled", "reference"] = "compiled"
    """The executor: `compiled` is the gateway's own, `reference` is graphql-core's."""
    share: bool = True
    """Run a query once for concurrent requests with the same variables, the same headers and the same client
    address."""
    share_across: tuple[str, ...] = ()
    """Headers that never change a response, such as user-agent or x-forwarded-for: queries that differ only in these
    are shared too. `address` is the address of the client."""
    introspection: bool = True
    """Answer introspection queries, and `_service { sdl }` of a federated schema. In production the default is
    false."""
    suggestions: bool | None = None
    """Explain in errors what does not match the schema, with the nearest right name. Defaults to the value of
    `introspection`, in production to false."""
    documents: Documents = Field(default_factory=Documents)
    """Persisted and trusted documents."""
    batch: Batch | None = None
    """Accept a JSON array of several operations. Without it arrays are refused."""
    upload: Upload | None = None
    """Accept files, which resolvers pass on to REST upstreams. Without it files are refused."""
    connection_init: ConnectionInit = Field(default_factory=ConnectionInit)
    """The payload of connection_init, over websockets."""
    cors: Cors = Field(default_factory=Cors)
    """Which pages of other sites may send requests (CORS)."""
    headers: Headers | None = None
    """Headers of all responses of this frontend, beside those of GraphiQL."""
    incremental: bool = True
    """Send the response of @defer and @stream in parts to clients that accept parts. When false, it is sent whole."""

    @property
    def explains(self) -> bool:
        """Whether errors may reveal names of the schema."""
        return self.introspection if self.suggestions is None else self.suggestions

    @field_validator("share_across")
    @classmethod
    def _tell_nobody_apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(each.lower() for each in value)
        for name in names:
            if name in _CREDENTIALS:
                raise ValueError(f"{name} identifies the caller; different callers must not share a response")
        return names

    @field_validator("schema_module")
    @classmethod
    def _is_module(cls, value: str) -> str:
        if not _MODULE.fullmatch(value):
            raise ValueError(f"{value!r} is not a Python module; write it with dots, such as schemas.mobile")
        return value
