"""What bff.yaml can say about a GraphQL upstream: `reviews: {graphql: "https://reviews.example/graphql", ...}`."""

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
    """File with the upstream's SDL, to know the types of variables where introspection is switched off."""
    introspect: bool = True
    """Ask the upstream for its schema at start, to know the types of variables. A schema file goes before it."""
    merge: bool = True
    """Send queries that are asked at one moment with the same headers in one request."""
    subscriptions: str | None = None
    """Websocket URL for subscriptions; without it, the address with ws:// or wss://."""
    init_payload: tuple[str, ...] = ()
    """Headers of a subscription's call that go into the payload of connection_init too, such as `Authorization`."""

    @field_validator("subscriptions")
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
        return self.subscriptions or self.address.replace("http", "ws", 1)
