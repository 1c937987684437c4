"""What our own server offers beside ASGI, for the hot path (see http_protocol). On others ASGI does it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol

_DIRECT = "bff.direct"


class Direct(Protocol):
    """The connection, while one request of it is answered."""

    hung_up: Callable[[], None] | None
    """Called once when the client hangs up before it is answered; set by whoever works for it."""

    @property
    def is_gone(self) -> bool:
        """Whether the client has hung up already."""

    def whole_body(self) -> bytes | None:
        """The request's body where all of it is here; None to receive it as ASGI does."""

    def respond(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole response with one write; False to send it as ASGI does, with nothing sent yet."""


def offers(state: MutableMapping[str, Any], direct: Direct) -> None:
    """Called by the server with a request's state."""
    state[_DIRECT] = direct


def direct_of(scope: Mapping[str, Any]) -> Direct | None:
    """What the server of a request offers; None for other servers."""
    direct: Direct | None = scope.get("state", {}).get(_DIRECT)
    return direct
