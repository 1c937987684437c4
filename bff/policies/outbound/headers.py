"""Decide which headers a call carries: those handed on from the frontend, and the fixed ones."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from msgspec.structs import replace

from bff.policies.outbound.policy import Policy
from connectors.contract import Call, Event

Stream = Callable[[Call], AsyncGenerator[Event, None]]
"""Opens one subscription; raises UpstreamError while iterating."""


def with_headers(call: Call, forward: Sequence[str], fixed: Mapping[str, str]) -> Call:
    """The call with its headers; fixed ones win over handed-on ones, the call's own win over both.

    What is not handed on is forgotten, so that nothing further in can depend on who asks without it being in the key.
    """
    incoming = call.incoming
    headers: dict[str, str] = {}
    for name in forward:
        if name in incoming:
            headers[name] = incoming[name]
    if fixed:
        headers.update(fixed)
    if call.headers:
        headers.update(call.headers)
    return replace(call, headers=headers, incoming={})


def headers(forward: Sequence[str], fixed: Mapping[str, str]) -> Policy:
    """Put headers on every call. All names are in lower case."""
    return lambda send: lambda call: send(with_headers(call, forward, fixed))


def stream_headers(stream: Stream, forward: Sequence[str], fixed: Mapping[str, str]) -> Stream:
    """The same for streams, and all that they get: what has no end cannot be timed, repeated or counted here."""
    if not forward and not fixed:
        return stream
    return lambda call: stream(with_headers(call, forward, fixed))
