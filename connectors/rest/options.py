"""The options of a REST upstream in bff.yaml: `catalog: {rest: "http://127.0.0.1:9001", ...}`."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, ConfigDict, SecretStr, field_validator, model_validator

from connectors.options import ConfigPath
from connectors.transport import HttpOptions
from connectors.transport.address import http_address


class Options(HttpOptions):
    """A REST upstream."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a refused address may hold a password

    address: Annotated[str, AfterValidator(http_address)]
    """Base URL, with a path prefix where the upstream has one: `https://shop.example/api/v2`."""
    query: dict[str, SecretStr] = {}
    """Query parameters of every request, such as an API key: `{api_key: "${KEY}"}`. They are never logged."""
    redirects: Literal["same_origin", "never"] = "same_origin"
    """Which redirects of GET and HEAD are followed. Another origin never gets a request: it would get its headers."""
    health: str | None = None
    """Path of the health check (GET). Without it, the check is HEAD of `/`. Any status below 500 is healthy."""

    openapi: ConfigPath | None = None
    """File with the upstream's description, OpenAPI 3.0, 3.1 or Swagger 2.0 in JSON or YAML. `bff check` compares
    endpoints with it, and endpoints that it refuses keep the gateway from starting."""

    @property
    def description_source(self) -> Literal["file", "upstream", "none"]:
        """As of ConnectorOptions."""
        return "none" if self.openapi is None else "file"

    def query_texts(self) -> dict[str, str]:
        """The query parameters, in the clear."""
        return {name: value.get_secret_value() for name, value in self.query.items()}

    @model_validator(mode="before")
    @classmethod
    def _take_query_of_address(cls, given: Any) -> Any:
        """An address with a query: its parameters are those of `query`, so that they are never shown."""
        address = given.get("address") if isinstance(given, dict) else None
        if not isinstance(address, str) or "?" not in address or "#" in address:
            return given
        base, _, query = address.partition("?")
        found = parse_qsl(query, keep_blank_values=True)
        own = given.get("query") or {}
        if len(dict(found)) < len(found) or (isinstance(own, dict) and own.keys() & dict(found).keys()):
            raise ValueError("has a query parameter twice; write each once, in query:")
        return {**given, "address": base, "query": {**dict(found), **own} if isinstance(own, dict) else own}

    @field_validator("health")
    @classmethod
    def _starts_with_a_slash(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            raise ValueError("is not a path; it must begin with a slash, like /healthz")
        return value
