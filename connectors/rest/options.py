"""The options of a REST upstream in bff.yaml: `catalog: {rest: "http://127.0.0.1:9001", ...}`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, field_validator

from connectors.transport import HttpOptions
from connectors.transport.address import http_address


class Options(HttpOptions):
    """A REST upstream."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a refused address may hold a password

    address: Annotated[str, AfterValidator(http_address)]
    """Base URL, with a path prefix where the upstream has one: `https://shop.example/api/v2`."""
    health: str | None = None
    """Path of the health check (GET). Without it, the check is HEAD of `/`. Any status below 500 is healthy."""

    @field_validator("health")
    @classmethod
    def _starts_with_a_slash(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            raise ValueError("is not a path; it must begin with a slash, like /healthz")
        return value
