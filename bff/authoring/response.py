"""`info.context.response`: the status, headers and cookies that resolvers choose for the HTTP response."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from datetime import timedelta
from typing import Final, Literal

from bff.contract import SECURITY_HEADERS, ResponseHead

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t -~]*")
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
_ATTRIBUTE = re.compile(r"[ -:<-~]*")
_OWNED = re.compile(
    r"connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-(?:length|type|encoding|range)|date|server"
    r"|x-request-id|access-control-.*"
)
"""Headers of the connection, of the body that the gateway writes, and of what `cors` in bff.yaml decides."""
_WITHOUT_BODY: Final = (204, 205, 304)
_MAX_COOKIE: Final = 4096
"""Bytes of name and value that browsers keep; they drop a larger cookie without a sign."""
_MAX_VALUE: Final = 8192
SameSite = Literal["lax", "strict", "none"]


class InvalidHeaderError(ValueError):
    """A resolver sets what cannot be in a response. It is the author's mistake, so frontends see INTERNAL."""


class ResponseHeaders(MutableMapping[str, str]):
    """Headers of the response. Names are in lower case; an assignment replaces, `add` adds one more value."""

    def __init__(self, response: OwnResponse) -> None:
        self._response = response
        self._values: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        """One more line of this name. Raises InvalidHeaderError."""
        self._values.setdefault(_check_header(name, value), []).append(value)
        self._response.changes += 1

    def get_all(self, name: str) -> list[str]:
        """All values of a name."""
        return list(self._values.get(name.lower(), ()))

    def __setitem__(self, name: str, value: str) -> None:
        self._values[_check_header(name, value)] = [value]
        self._response.changes += 1

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __delitem__(self, name: str) -> None:
        del self._values[name.lower()]
        self._response.changes += 1

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class OwnResponse:
    """What resolvers choose of the HTTP response to one operation. All resolvers of the operation share it.

    Calls count in their order: the last status and the last value of a header or cookie are sent.
    """

    __slots__ = ("_cookies", "_status", "changes", "headers", "was_ignored")

    def __init__(self) -> None:
        self.headers = ResponseHeaders(self)
        self.changes = 0
        """How often something was set, so that what comes too late is noticed."""
        self.was_ignored = False
        """Whether a line in the log says that it is not sent."""
        self._status: int | None = None
        self._cookies: dict[tuple[str, str, str | None], str] = {}

    @property
    def status(self) -> int | None:
        """The HTTP status; None for the one that the gateway chooses."""
        return self._status

    @status.setter
    def status(self, status: int | None) -> None:
        if status is not None and (not isinstance(status, int) or not 200 <= status <= 599 or status in _WITHOUT_BODY):
            raise InvalidHeaderError(
                f"{status!r} is no status of a GraphQL response: use one of 200 to 599, but none without a body "
                f"({', '.join(map(str, _WITHOUT_BODY))})."
            )
        self._status = None if status is None else int(status)
        self.changes += 1

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | timedelta | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = True,
        http_only: bool = True,
        same_site: SameSite = "lax",
    ) -> None:
        """Set a cookie; without `max_age` (seconds) it ends with the browser's session. Raises InvalidHeaderError.

        The defaults are the careful ones: not over plain HTTP, not for scripts, not with requests of other sites.
        """
        _check_cookie(name, value, path, domain, secure=secure, same_site=same_site)
        seconds = int(max_age.total_seconds()) if isinstance(max_age, timedelta) else max_age
        attributes = [
            f"{name}={value}",
            "" if seconds is None else f"Max-Age={int(seconds)}",
            f"Path={path}",
            f"Domain={domain}" if domain else "",
            "Secure" if secure else "",
            "HttpOnly" if http_only else "",
            f"SameSite={same_site.capitalize()}",
        ]
        self._cookies[name, path, domain] = "; ".join(filter(None, attributes))
        self.changes += 1

    def delete_cookie(
        self, name: str, *, path: str = "/", domain: str | None = None, secure: bool = True, same_site: SameSite = "lax"
    ) -> None:
        """Have the browser forget a cookie; `path` and `domain` are those that it was set with."""
        self.set_cookie(name, "", max_age=0, path=path, domain=domain, secure=secure, same_site=same_site)
        self._cookies[name, path, domain] += "; Expires=Thu, 01 Jan 1970 00:00:00 GMT"

    def make_head(self) -> ResponseHead:
        """What is chosen so far, as transports send it."""
        own = self.headers
        cache_control = own.get("cache-control", "no-store")
        if self._cookies and not re.search(r"\b(?:private|no-store)\b(?!=)", cache_control, re.IGNORECASE):
            cache_control = "no-store"  # a cache would hand one caller's cookies to others
        lines = [(name, value) for name in own if name not in {"cache-control", "vary"} for value in own.get_all(name)]
        return ResponseHead(
            status=self._status,
            lines=(*lines, *(("set-cookie", cookie) for cookie in self._cookies.values())),
            cache_control=cache_control,
            vary=tuple(own.get_all("vary")),
        )


def _check_header(name: str, value: str) -> str:
    """The name in lower case."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidHeaderError(f"{name!r} is no name of a header.")
    lower = name.lower()
    if lower == "set-cookie":
        raise InvalidHeaderError("Set cookies by set_cookie(name, value, ...) and delete_cookie(name).")
    if _OWNED.fullmatch(lower):
        raise InvalidHeaderError(f"The gateway sets {lower} itself; a resolver cannot.")
    if lower in SECURITY_HEADERS:
        raise InvalidHeaderError(
            f"{lower} is the same in all responses; `headers` of the frontend in bff.yaml sets it."
        )
    if not isinstance(value, str) or not _VALUE.fullmatch(value) or len(value) > _MAX_VALUE:
        raise InvalidHeaderError(
            f"The value of {lower} must be a text of printable ASCII characters, without line breaks, of at most "
            f"{_MAX_VALUE} characters."
        )
    return lower


def _check_cookie(name: str, value: str, path: str, domain: str | None, *, secure: bool, same_site: SameSite) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidHeaderError(f"{name!r} is no name of a cookie.")
    if not isinstance(value, str) or not _COOKIE_VALUE.fullmatch(value):
        raise InvalidHeaderError(
            f"The value of the cookie {name} must be a text of printable ASCII characters without space, quote, comma, "
            "semicolon and backslash; encode others, for example by urllib.parse.quote."
        )
    if len(name) + len(value) > _MAX_COOKIE:
        raise InvalidHeaderError(f"The cookie {name} is larger than the {_MAX_COOKIE} bytes that browsers keep.")
    if not path.startswith("/") or not _ATTRIBUTE.fullmatch(path):
        raise InvalidHeaderError(f"{path!r} is no path of a cookie: it begins with / and has no semicolon.")
    if domain is not None and not re.fullmatch(r"\.?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", domain):
        raise InvalidHeaderError(f"{domain!r} is no domain of a cookie.")
    if same_site not in {"lax", "strict", "none"}:
        raise InvalidHeaderError(f"{same_site!r} is not one of lax, strict, none.")
    if same_site == "none" and not secure:
        raise InvalidHeaderError(f'The cookie {name} with same_site="none" needs secure=True; browsers drop it.')
    lower = name.lower()
    if lower.startswith(("__secure-", "__host-")) and not secure:
        raise InvalidHeaderError(f"A cookie named {name} needs secure=True; browsers drop it.")
    if lower.startswith("__host-") and (domain is not None or path != "/"):
        raise InvalidHeaderError(f'A cookie named {name} has path="/" and no domain; browsers drop others.')
