"""`info.context.request`: the HTTP request of an operation, with the names that Starlette has for its parts.

Extensions of strawberry, and permission classes that were written for other servers, look for it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class RequestHeaders(Mapping[str, str]):
    """Headers by names in any case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """`headers` have names in lower case."""
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return f"RequestHeaders({', '.join(self._headers)})"  # values may be secrets


class RequestUrl(str):
    """The URL as the client sent it, with its parts."""

    __slots__ = ()

    @property
    def scheme(self) -> str:
        """`http` or `https`; `ws` or `wss` of a websocket."""
        return urlsplit(self).scheme

    @property
    def hostname(self) -> str | None:
        """The host without its port."""
        return urlsplit(self).hostname

    @property
    def path(self) -> str:
        """The path."""
        return urlsplit(self).path

    @property
    def query(self) -> str:
        """What stands behind the question mark."""
        return urlsplit(self).query


class RequestClient(NamedTuple):
    """The peer that sent the request, behind trusted proxies."""

    host: str
    port: int = 0


class ContextRequest:
    """One request, read only. All of it belongs to the key of `share`, so that no operation reads another's."""

    __slots__ = ("_scope", "client", "headers")

    def __init__(self, headers: Mapping[str, str], client: str, scope: Mapping[str, Any]) -> None:
        """`scope` is the one of ASGI; empty in tests without HTTP."""
        self.headers = RequestHeaders(headers)
        self.client = RequestClient(client) if client else None
        self._scope = scope

    @property
    def method(self) -> str:
        """`POST`, or `GET`, also for a websocket."""
        return str(self._scope.get("method", "POST" if not self._scope else "GET"))

    @property
    def url(self) -> RequestUrl:
        """The absolute URL; its host is that of the Host header."""
        scope = self._scope
        path, query = scope.get("path", "/graphql"), scope.get("query_string", b"").decode("latin-1")
        host = self.headers.get("host", "localhost")
        return RequestUrl(f"{scope.get('scheme', 'http')}://{host}{path}{'?' if query else ''}{query}")

    @property
    def query_params(self) -> dict[str, str]:
        """The parameters in the URL; of several with one name the last."""
        return dict(parse_qsl(self.url.query, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        pairs = (each.partition("=") for each in self.headers.get("cookie", "").split(";"))
        return {name.strip(): value.strip().strip('"') for name, equals, value in pairs if equals}
