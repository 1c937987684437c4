"""What an upstream reports with a refusal, as types: the items of `UpstreamError.details`. Made by the connectors.

Each has what its protocol names, under the protocol's names, so that resolvers need no library of the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Problem details of an HTTP API (RFC 9457)."""

    type: str = "about:blank"
    title: str = ""
    status: int | None = None
    detail: str = ""
    instance: str = ""
    extensions: Mapping[str, Any] = field(default_factory=dict)
    """Members that the RFC does not define, such as `errors` or `balance`."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One value of a request that the upstream does not accept."""

    field: str
    description: str = ""
    reason: str = ""
    """A code such as `FORMAT` or `blank`, if the upstream gives one."""
    path: Path = ()
    """`field` as steps: `address.zip`, `/address/zip` and `address[0]` are taken apart."""


@dataclass(frozen=True, slots=True)
class BadRequest:
    """google.rpc.BadRequest: which fields of the request are wrong."""

    field_violations: tuple[FieldViolation, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """google.rpc.ErrorInfo: the cause as a stable code."""

    reason: str = ""
    domain: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetryInfo:
    """google.rpc.RetryInfo."""

    retry_delay: float = 0.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class DebugInfo:
    """google.rpc.DebugInfo: for the upstream's own developers."""

    stack_entries: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """One item of QuotaFailure or PreconditionFailure."""

    subject: str = ""
    description: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class QuotaFailure:
    """google.rpc.QuotaFailure."""

    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class PreconditionFailure:
    """google.rpc.PreconditionFailure."""

    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """google.rpc.RequestInfo."""

    request_id: str = ""
    serving_data: str = ""


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """google.rpc.ResourceInfo."""

    resource_type: str = ""
    resource_name: str = ""
    owner: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One item of Help."""

    description: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """google.rpc.Help."""

    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalizedMessage:
    """google.rpc.LocalizedMessage: a text that the upstream's authors wrote for users."""

    locale: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class AnyDetail:
    """A google.protobuf.Any of another type; `data` is plain Python where the type is known, else the bytes."""

    type: str
    data: Any = b""


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault (SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4)."""

    code: str = ""
    """The local name, such as `Client`; of SOAP 1.2 the innermost subcode."""
    reason: str = ""
    actor: str = ""
    """The `faultactor`, or the Role of SOAP 1.2."""
    detail: Any = None
    """The content of the detail element by local names."""


@dataclass(frozen=True, slots=True)
class GraphqlError:
    """One item of `errors` (GraphQL specification, section 7.1.2)."""

    message: str = ""
    path: Path | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)
    locations: tuple[Mapping[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceError:
    """A failure that a responder behind a broker reports in the headers of its answer."""

    code: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """The code and reason with which the upstream closed a websocket (RFC 6455 section 7.4) or a channel."""

    code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AnswerFailure:
    """The part of a good reply that reports a failure: the value at the endpoint's `error=`."""

    path: Path = ()
    value: Any = None
