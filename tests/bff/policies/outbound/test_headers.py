"""Headers: which are handed on, which win, and that streams get them too."""

from __future__ import annotations

from bff.policies.outbound.headers import headers, stream_headers
from connectors.contract import Event
from tests.bff.policies.outbound.world import Upstream, call


async def test_only_the_named_headers_are_handed_on() -> None:
    """A frontend's cookie stays here unless bff.yaml names it, and nothing further in can look at it."""
    upstream = Upstream()
    send = headers(["authorization"], {})(upstream.send)
    await send(call(incoming={"authorization": "Bearer a", "cookie": "secret"}))
    assert upstream.calls[0].headers == {"authorization": "Bearer a"}
    assert upstream.calls[0].incoming == {}


async def test_the_call_wins_over_fixed_over_handed_on() -> None:
    """A frontend cannot replace the token that bff.yaml sets."""
    upstream = Upstream()
    send = headers(["authorization", "accept-language"], {"authorization": "ours", "accept": "a"})(upstream.send)
    await send(call(incoming={"authorization": "theirs", "accept-language": "de"}, headers={"accept": "b"}))
    assert upstream.calls[0].headers == {"authorization": "ours", "accept-language": "de", "accept": "b"}


async def test_streams_get_the_same_headers() -> None:
    """What a stream is opened with."""
    opened = []

    async def stream(sent):
        opened.append(sent)
        yield Event(data=1)

    async for _ in stream_headers(stream, ["authorization"], {"x-key": "k"})(call(incoming={"authorization": "a"})):
        pass
    assert opened[0].headers == {"authorization": "a", "x-key": "k"}


def test_streams_without_headers_are_left_alone() -> None:
    """A policy that is off costs nothing."""

    async def stream(sent):
        yield Event(data=sent)

    assert stream_headers(stream, [], {}) is stream
