"""The options under `frontends.<name>.cors` in bff.yaml: requests from pages of other sites."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from connectors.options import Duration, Model

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9._\-\[\]:]+")
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


class Cors(Model):
    """Cross-origin resource sharing (Fetch standard)."""

    allow_origins: tuple[str, ...] = ()
    """Origins of pages that may send requests, such as https://shop.example. Without any, no other site can."""
    allow_credentials: bool = False
    """Let browsers send cookies (Access-Control-Allow-Credentials)."""
    max_age: Duration = Field(default=600.0, ge=0)
    """How long a browser may cache the answer to a preflight (Access-Control-Max-Age)."""
    allow_headers: tuple[str, ...] = ()
    """Request headers that pages may send, besides those of the known GraphQL clients and of `match`."""

    @field_validator("allow_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(each.lower() for each in value)
        for given in origins:
            if not _ORIGIN.fullmatch(given):
                raise ValueError(
                    f"{given!r} is not an origin; write scheme and host alone, such as https://shop.example"
                )
            if _DEFAULT_PORT.fullmatch(given):
                raise ValueError(f"{given!r} names the default port, which browsers omit; remove the port")
        return origins

    @field_validator("allow_headers")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(each.lower() for each in value)
        for given in names:
            if not _NAME.fullmatch(given):
                raise ValueError(f"{given!r} is not the name of a header")
        return names
