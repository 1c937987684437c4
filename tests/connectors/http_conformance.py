"""What the conformance worlds of all kinds that speak over HTTP have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from connectors.contract import Call, Connector
from connectors.endpoint import Endpoint
from connectors.errors import (
    UpstreamConflict,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
)
from tests.connectors.conformance import SECRET, World
from tests.connectors.http_world import HANG, HttpWorld, Received, Say, response

STATUS_ERRORS: list[tuple[int, type[UpstreamError]]] = [
    (400, UpstreamRejected),
    (401, UpstreamUnauthenticated),
    (403, UpstreamForbidden),
    (404, UpstreamNotFound),
    (408, UpstreamTimeout),
    (409, UpstreamConflict),
    (410, UpstreamNotFound),
    (412, UpstreamConflict),
    (418, UpstreamRejected),
    (422, UpstreamRejected),
    (429, UpstreamRateLimited),
    (500, UpstreamFailed),
    (501, UpstreamFailed),
    (502, UpstreamUnavailable),
    (503, UpstreamUnavailable),
    (504, UpstreamUnavailable),
    (599, UpstreamFailed),
]
"""Which error each status of a failure is, for every kind of upstream."""


class HttpConformanceWorld(World):
    """One upstream over HTTP: the kind says how to connect, what to call, and how the upstream fails."""

    endpoint: Endpoint
    arguments: dict[str, Any]

    def __init__(self, http: HttpWorld, **options: Any) -> None:
        """`options` are those of each connector."""
        self.http = http
        self.options = options

    @abstractmethod
    def connect(self, port: int, options: dict[str, Any]) -> Connector:
        """A new connector to the upstream at this port of 127.0.0.1."""

    @abstractmethod
    def say_failure(self, request: Received) -> Say:
        """The protocol's word for an internal failure, repeating the request's authorization."""

    @abstractmethod
    def half_an_answer(self) -> tuple[bytes, str]:
        """The beginning of a good body, and its media type."""

    @abstractmethod
    def say_refusal(self) -> tuple[Say, str | int]:
        """The protocol's word for a refusal that holds REASON, and its status."""

    def refuse(self) -> str | int:
        say, status = self.say_refusal()
        self.http.answer = lambda _: say
        return status

    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        limits: dict[str, Any] = {} if max_reply_size is None else {"max_reply_size": max_reply_size}
        return self.connect(port or self.http.port, {**self.options, **limits})

    def call(self) -> Call:
        headers = {"authorization": f"Bearer {SECRET}"}
        return Call(operation=self.endpoint.operation, arguments=self.arguments, headers=headers)

    def hang(self) -> None:
        self.http.answer = lambda _: HANG

    def fail(self) -> None:
        self.http.answer = self.say_failure

    def garble(self) -> None:
        body, media_type = self.half_an_answer()
        self.http.answer = lambda _: response(body, content_type=media_type)

    def is_hanging(self) -> bool:
        return self.http.hanging > 0

    async def hung_up(self) -> bool:
        return self.http.hung_up > 0

    async def received_header(self, name: str) -> str | None:
        return self.http.requests[-1].headers.get(name)
