"""The options of a GraphQL upstream in bff.yaml: `reviews: {graphql: "https://reviews.example/graphql", ...}`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from connectors.options import ConfigPath
from connectors.transport import HttpOptions
from connectors.transport.address import http_address

_SUBSCRIPTIONS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": ["auto", "graphql-transport-ws", "graphql-ws", "sse"]},
        {"type": "string", "pattern": "^(wss?|https?)://"},
    ],
    "default": "auto",
}


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
    subscriptions: Annotated[
        Literal["auto", "graphql-transport-ws", "graphql-ws", "sse"], WithJsonSchema(_SUBSCRIPTIONS_SCHEMA)
    ] = "auto"
    """Protocol of subscriptions: a websocket subprotocol (`graphql-ws` is the older one), `sse` for server-sent events,
    or `auto`: the websocket subprotocol that the upstream chooses, or else server-sent events. A URL here is
    `subscription_url`."""
    subscription_url: str | None = None
    """URL of subscriptions: ws:// or wss:// for websockets, http:// or https:// for server-sent events. Defaults to the
    address."""
    init_payload: tuple[str, ...] = ()
    """Headers of a subscription that are sent in the payload of connection_init too, such as `Authorization`."""

    @model_validator(mode="before")
    @classmethod
    def _read_url(cls, data: Any) -> Any:
        """A URL as `subscriptions`, which was the name of `subscription_url` in earlier versions."""
        if not isinstance(data, dict) or "://" not in str(data.get("subscriptions")):
            return data
        others = {name: value for name, value in data.items() if name != "subscriptions"}
        return {"subscription_url": data["subscriptions"], **others}

    @property
    def description_source(self) -> Literal["file", "upstream", "none"]:
        """As of ConnectorOptions."""
        if self.schema_file is not None:
            return "file"
        return "upstream" if self.introspection else "none"

    @field_validator("subscription_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is not None:
            if not value.startswith(("ws://", "wss://", "http://", "https://")):
                raise ValueError("is neither a websocket URL nor an HTTP URL; write it like wss://host/graphql")
            _address(_with_scheme(value, "http"))
        return value

    @property
    def uses_event_streams(self) -> bool:
        """Whether subscriptions are server-sent events from the start."""
        is_http = (self.subscription_url or "").startswith("http")
        return self.subscriptions == "sse" or (self.subscriptions == "auto" and is_http)

    @property
    def websocket(self) -> str:
        """Where subscriptions over websockets go."""
        return _with_scheme(self.subscription_url or self.address, "ws")

    @property
    def event_stream(self) -> str:
        """Where subscriptions as server-sent events go."""
        return _with_scheme(self.subscription_url or self.address, "http")


def _with_scheme(url: str, scheme: str) -> str:
    """The URL with `http` or `ws` as its scheme, or `https` or `wss` if it had one of these."""
    old, _, rest = url.partition("://")
    return f"{scheme}{'s' if old.endswith('s') and old != 'ws' else ''}://{rest}"
