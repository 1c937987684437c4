"""The options under `frontends.<name>.headers` in bff.yaml: headers of all responses of a frontend."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from bff.contract import SECURITY_HEADERS
from connectors.options import Model

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]{0,4000}[\x21-\x7e\x80-\xff])?")
_GATEWAYS_OWN = re.compile(
    r"access-control-.*|allow|accept-post|age|cache-control|connection|content-.*|date|etag|keep-alive|location|"
    r"retry-after|sec-.*|server-timing|set-cookie|te|trailer|transfer-encoding|upgrade|vary|x-request-id"
)
_ALLOWED = frozenset({"content-security-policy", "content-security-policy-report-only"})


class Headers(Model):
    """Headers of all responses of this frontend, beside those of GraphiQL."""

    set: dict[str, str] = Field(default_factory=dict)
    """Headers to send in every response, such as `strict-transport-security: max-age=31536000`."""
    remove: tuple[str, ...] = ()
    """Security headers that are not sent: x-content-type-options, x-frame-options, referrer-policy,
    cross-origin-resource-policy."""

    @field_validator("set")
    @classmethod
    def _check_headers(cls, value: dict[str, str]) -> dict[str, str]:
        headers = {name.lower(): each for name, each in value.items()}
        for name, each in headers.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a header")
            if _GATEWAYS_OWN.fullmatch(name) and name not in _ALLOWED:
                raise ValueError(f"{name} is written by the gateway itself, with another value in each response")
            if not _VALUE.fullmatch(each):
                raise ValueError(f"the value of {name} cannot be that of a header; write one line of Latin-1 text")
        return headers

    @field_validator("remove")
    @classmethod
    def _check_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(each.lower() for each in value)
        for name in names:
            if name not in SECURITY_HEADERS:
                raise ValueError(f"{name!r} is not one of {', '.join(SECURITY_HEADERS)}")
        return names
