"""What bff.yaml says of the policies around one upstream. Flat beside the connector's own options."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema, field_validator

from connectors.options import Duration, Model, Size

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_OF_ONE_CONNECTION = frozenset(
    {"connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


def parse_rate(value: Any) -> float:
    """Calls per second from `100/s`, `600/m` or `5000/h`."""
    if isinstance(value, str) and (match := _RATE.fullmatch(value.strip())) and float(match[1]) > 0:
        return float(match[1]) / _SECONDS[match[2]]
    raise ValueError(f"{value!r} is not a rate; write calls per time, such as 100/s or 600/m")


def _header_name(value: str) -> str:
    """A header's name in lower case. Raises ValueError for what is no name, or belongs to a connection, not a call."""
    name = value.strip().lower()
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{value!r} is not the name of a header")
    if name in _OF_ONE_CONNECTION:
        raise ValueError(f"{name} belongs to one connection and cannot be set for a call; remove it")
    return name


Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*/\s*(s|m|h)$", "examples": ["100/s", "600/m"]}),
]
"""Calls per second, written with a unit of time."""


class Retry(Model):
    """Ask again after a failure that may pass: exponential back-off with full jitter, within the deadline."""

    attempts: int = Field(default=2, ge=1, le=10)
    """How often to ask again."""
    first: Duration = Field(default=0.05, gt=0)
    """Longest pause before the first repetition; it doubles each time."""
    most: Duration = Field(default=1.0, gt=0)
    """Longest pause at all."""


class Breaker(Model):
    """Stop asking an upstream that keeps failing, and see after a while whether it has recovered."""

    failures: int = Field(default=5, ge=1)
    """Failures in a row that open it."""
    open: Duration = Field(default=10.0, gt=0)
    """How long it stays open before one call may try."""


def _allow_number(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"type": "integer", "minimum": 0, "maximum": 10}, *schema["anyOf"]]


class Options(Model):
    """Policies of one upstream. What is not named is off, but for the timeout and sharing."""

    timeout: Duration = Field(default=5.0, gt=0)
    """How long a call may take altogether, waits and repetitions included."""
    attempt_timeout: Duration | None = Field(default=None, gt=0)
    """How long each attempt may take."""
    retry: Retry | None = Field(default=None, json_schema_extra=_allow_number)
    """How often to ask again after a failure that may pass: a number, or a mapping."""
    breaker: Breaker | None = None
    """Stops asking after failures in a row, and tries again after a while."""
    concurrency: int | None = Field(default=None, ge=1)
    """Most calls under way at once in this process; others wait, for no longer than their deadline."""
    waiting: int = Field(default=1000, ge=0)
    """Most calls that may wait for their turn when `concurrency` is reached; more are refused at once."""
    rate: Rate | None = None
    """Most calls started per second, minute or hour in this process; others wait, for no longer than their deadline."""
    cache: Literal["http"] | None = None
    """`http` keeps replies as RFC 9111 allows a shared cache to."""
    cache_size: Size = Field(default=32_000_000, ge=0)
    """Most bytes the cache holds."""
    share: bool = True
    """Join identical safe calls that are under way at once, where all headers sent are the same."""
    window: Duration | None = Field(default=None, gt=0, le=0.1)
    """How long a batch waits for keys that other requests ask for under the same headers, so that they become one call;
    1ms is a good choice. Every batch takes that much longer."""
    forward: tuple[str, ...] = ()
    """Headers of the frontend's request that are handed on."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers sent with every call; write secrets as ${VARIABLES}."""

    @field_validator("retry", mode="before")
    @classmethod
    def _number_of_attempts(cls, value: object) -> object:
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return {"attempts": value} if value else None
        return value

    @field_validator("forward")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_header_name, value))

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            text = secret.get_secret_value()
            if not (text.isascii() and text.isprintable()):
                raise ValueError(f"the value of {name} holds characters that a header cannot have")
        return {_header_name(name): secret for name, secret in value.items()}
