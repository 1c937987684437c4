"""The options of a GraphQL upstream in bff.yaml: `reviews: {graphql: "https://reviews.example/graphql", ...}`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from connectors.options import ConfigPath
from connectors.transport import HttpOptions
from connectors.transport.address import http_address


def _address(value: str) -> str:
    """An http(s) URL as it is: a slash at its end and a query may matter to the upstream."""
    http_address(value.partition("?")[0])
    return value


def _read_merge(value: object) -> object:
    """True, as this option was written before, and what a ${VARIABLE} gives."""
    return {"true": "request", "false": False}.get(str(value).lower(), value)


class Options(HttpOptions):
    """A GraphQL upstream."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a refused address may hold a password

    address: Annotated[str, AfterValidator(_address)]
    """URL of the upstream's endpoint, such as `https://reviews.example/graphql`."""
    schema_file: ConfigPath | None = Field(default=None, alias="schema")
    """File with the upstream's SDL, to know the types of variables when introspection is off."""
    introspection: bool = True
    """Introspect the upstream at start, to know the types of variables. A schema file takes precedence."""
    merge: Annotated[
        Literal["request", "process", False],
        BeforeValidator(_read_merge),
        WithJsonSchema({"enum": ["request", "process", True, False], "examples": ["request"]}),
    ] = "request"
    """Merge concurrent queries with the same headers into one request: `request` those of one operation of a frontend,
    `process` also those of different callers, `false` none. True means `request`."""
    subscription_url: str | None = None
    """Websocket URL for subscriptions. Defaults to the address with ws:// or wss://."""
    init_payload: tuple[str, ...] = ()
    """Headers of a subscription that are sent in the payload of connection_init too, such as `Authorization`."""

    @field_validator("subscription_url")
    @classmethod
    def _is_a_websocket(cls, value: str | None) -> str | None:
        if value is not None:
            if not value.startswith(("ws://", "wss://")):
                raise ValueError("is not a websocket URL; write it like wss://host/graphql")
            _address(value.replace("ws", "http", 1))
        return value

    @property
    def websocket(self) -> str:
        """Where subscriptions go."""
        return self.subscription_url or self.address.replace("http", "ws", 1)
