"""The options of the policies around one upstream in bff.yaml, flat beside the connector's own options."""

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


def _check_name(value: str) -> str:
    """The name of a header in lower case. Raises ValueError when it is not a name, or belongs to a connection."""
    name = value.strip().lower()
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{value!r} is not the name of a header")
    if name in _OF_ONE_CONNECTION:
        raise ValueError(f"{name} belongs to a connection and cannot be set for a call; remove it")
    return name


Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*/\s*(s|m|h)$", "examples": ["100/s", "600/m"]}),
]
"""Calls per second, written with a unit of time."""


class Retry(Model):
    """Repeat a call after a transient failure: exponential backoff with full jitter, within the deadline."""

    attempts: int = Field(default=2, ge=1, le=10)
    """Maximum number of retries after the first attempt."""
    initial_delay: Duration = Field(default=0.05, gt=0)
    """Maximum delay before the first retry; it doubles with each retry."""
    max_delay: Duration = Field(default=1.0, gt=0)
    """Maximum delay before any retry."""


class Breaker(Model):
    """Stop sending calls to an upstream that keeps failing, and probe it later (circuit breaker)."""

    consecutive_failures: int = Field(default=5, ge=1)
    """Number of consecutive failures that opens the breaker."""
    open: Duration = Field(default=10.0, gt=0)
    """How long the breaker stays open before one call probes the upstream."""


def _allow_number(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"type": "integer", "minimum": 0, "maximum": 10}, *schema["anyOf"]]


class Options(Model):
    """Policies of one upstream. `timeout` and `share` are on by default, all others are off."""

    required: bool | None = None
    """Whether /ready depends on the upstream: `true` follows its checks both ways, `false` never waits for it. Without
    the option, /ready waits at the start until the upstream was reached once, if an endpoint uses it."""
    timeout: Duration = Field(default=5.0, gt=0)
    """Maximum duration of a call, including queueing and retries."""
    attempt_timeout: Duration | None = Field(default=None, gt=0)
    """Maximum duration of each attempt."""
    retry: Retry | None = Field(default=None, json_schema_extra=_allow_number)
    """Retries after transient failures: a number of retries, or a mapping."""
    breaker: Breaker | None = None
    """Circuit breaker: stops calls after consecutive failures, and probes the upstream later."""
    concurrency: int | None = Field(default=None, ge=1)
    """Maximum number of concurrent calls in this process. More calls wait in the queue until their deadline."""
    max_queue: int = Field(default=1000, ge=0)
    """Maximum number of calls that wait when `concurrency` is reached. More calls are refused at once."""
    rate: Rate | None = None
    """Maximum rate of calls in this process, such as 100/s. More calls wait until their deadline."""
    cache: Literal["http"] | None = None
    """`http` caches replies by the rules of RFC 9111 for a shared cache."""
    max_cache_size: Size = Field(default=32_000_000, ge=0)
    """Maximum size of the cache."""
    share: bool = True
    """Send concurrent identical safe calls once, when all headers sent are the same (single flight)."""
    batch_window: Duration | None = Field(default=None, gt=0, le=0.1)
    """How long a batch waits for keys of other requests with the same headers, which then join the same call. 1ms is a
    good value. Every batch takes that much longer."""
    forward: tuple[str, ...] = ()
    """Headers of the client's request that are forwarded with every call."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers sent with every call; write secrets as ${VARIABLES}."""

    @field_validator("retry", mode="before")
    @classmethod
    def _read_attempts(cls, value: object) -> object:
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return {"attempts": value} if value else None
        return value

    @field_validator("forward")
    @classmethod
    def _check_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_check_name, value))

    @field_validator("headers")
    @classmethod
    def _check_values(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            text = secret.get_secret_value()
            if not (text.isascii() and text.isprintable()):
                raise ValueError(f"the value of {name} holds characters that a header cannot have")
        return {_check_name(name): secret for name, secret in value.items()}
