"""The options of a GraphQL upstream in bff.yaml: `reviews: {graphql: "https://reviews.example/graphql", ...}`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, field_validator

from connectors.options import ConfigPath
from connectors.transport import HttpOptions
from connectors.transport.address import http_address


def _address(value: str) -> str:
    """An http(s) URL as it is: a slash at its end and a query may matter to the upstream."""
    http_address(value.partition("?")[0])
    return value


class Options(HttpOptions):
    """A GraphQL upstream."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a refused address may hold a password

    address: Annotated[str, AfterValidator(_address)]
    """URL of the upstream's endpoint, such as `https://reviews.example/graphql`."""
    schema_file: ConfigPath | None = Field(default=None, alias="schema")
    """File with the upstream's SDL, to know the types of variables when introspection is off."""
    introspection: bool = True
    """Introspect the upstream at start, to know the types of variables. A schema file takes precedence."""
    merge: bool = True
    """Merge concurrent queries with the same headers into one request."""
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
