"""What the HTTP room knows of a frontend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bff.contract.response_headers import HeaderRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A query that a frontend's developers can run as it stands; shown in GraphiQL."""

    title: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossOrigin:
    """What pages of the listed origins may do besides asking (CORS)."""

    credentials: bool = False
    """Whether browsers send cookies along."""
    max_age: float = 600.0
    """Seconds a browser may remember that it may ask."""
    headers: tuple[str, ...] = ()
    """Request headers that pages may send, besides those that every GraphQL client sends; in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """What files a frontend takes."""

    max_files: int
    """Files in one request."""
    max_file_size: int
    """Bytes of each."""
    timeout: float
    """How long a request with files may take to arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendCard:
    """What the HTTP room knows of a frontend."""

    name: str
    description: str = ""
    examples: Sequence[Example] = ()
    batch: int | None = None
    """Most operations in one JSON array; None when arrays are refused."""
    origins: tuple[str, ...] = ()
    """Origins of other sites whose pages may ask, as browsers write them: `https://shop.example`."""
    cross_origin: CrossOrigin = field(default_factory=CrossOrigin)
    chosen_by: tuple[str, ...] = ()
    """Names of the headers by which /graphql chooses it, in lower case."""
    credential_headers: tuple[str, ...] = ()
    """Headers by which its callers prove who they are, in lower case, such as `x-api-key`."""
    payload_headers: frozenset[str] = frozenset({"authorization"})
    """Headers that the payload of connection_init may set for its operations, in lower case."""
    upload: UploadLimits | None = None
    """None when no files are taken."""
    header_rules: HeaderRules | None = None
    """What it changes about the headers of its responses; None for nothing."""
    has_identity: bool = False
    """Whether it answers only those whom it knows, so that no answer is for everyone."""
