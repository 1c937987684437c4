"""Event streams by token: numbered, bounded, resumed, expiring by the clock."""

from __future__ import annotations

import asyncio

import pytest

from bff.contract import Refused
from bff.http.options import Subscriptions, Timeouts
from bff.http.transports.event_streams import MAX_BUFFERED, EventStream, EventStreams, find_share
from connectors.testing import ManualClock
from tests.waiting import until


async def take(stream: EventStream, count: int) -> list[bytes]:
    """The ids of the next events."""
    events = stream.read_events()
    ids = [(await anext(events)).split(b"\n")[0] for _ in range(count)]
    await events.aclose()
    return ids


async def test_events_are_numbered_and_read_once() -> None:
    """Another reader continues where the last one stopped."""
    stream = EventStream(buffer=5)
    for _ in range(4):
        await stream.put_event(b"next", b"{}")
    assert await take(stream, 3) == [b"id: 1", b"id: 2", b"id: 3"]
    assert await take(stream, 1) == [b"id: 4"]


async def test_a_writer_waits_for_the_reader() -> None:
    """While `buffer` events are not read."""
    stream = EventStream(buffer=2)
    await stream.put_event(b"next", b"1")
    await stream.put_event(b"next", b"2")
    third = asyncio.ensure_future(stream.put_event(b"next", b"3"))
    await asyncio.sleep(0)
    assert not third.done()
    await take(stream, 1)
    await third


async def test_events_that_were_read_can_be_read_again() -> None:
    """As many as the buffer holds; an older or a future one is refused."""
    stream = EventStream(buffer=2)
    for number in range(1, 5):
        await stream.put_event(b"next", b"{}")
        assert await take(stream, 1) == [b"id: %d" % number]
    stream.resume_after(2)
    assert await take(stream, 2) == [b"id: 3", b"id: 4"]
    for number in (1, 5):
        with pytest.raises(Refused) as refused:
            stream.resume_after(number)
        assert refused.value.code == "EVENTS_LOST"


async def test_ids_and_operations_are_bounded() -> None:
    """A refused operation never runs."""
    stream = EventStream(buffer=2)
    ran: list[str] = []

    async def run(name: str) -> None:
        ran.append(name)
        await asyncio.Event().wait()

    stream.start_operation("a", run("a"), 2)
    for id, code in (("a", "OPERATION_EXISTS"), ("b", None), ("c", "TOO_MANY_OPERATIONS")):
        if code is None:
            stream.start_operation(id, run(id), 2)
            continue
        with pytest.raises(Refused) as refused:
            stream.start_operation(id, run(f"second {id}"), 2)
        assert refused.value.code == code
    await asyncio.sleep(0)
    stream.stop_operation("a")
    stream.stop_operation("unknown")
    await stream.close()
    assert ran == ["a", "b"]


async def test_a_stream_without_a_reader_expires() -> None:
    """Before its first reader and after each, and never while it is read."""
    clock = ManualClock()
    streams = EventStreams(Subscriptions(max_streams=1), Timeouts(unread_stream=10, clock=clock))
    token = streams.reserve("192.0.2.1")
    with pytest.raises(Refused) as refused:
        streams.reserve("192.0.2.1")
    assert (refused.value.code, refused.value.headers["retry-after"]) == ("TOO_MANY_STREAMS", "10")
    await clock.advance(9)
    with streams.open(token, None):
        await clock.advance(60)
        with pytest.raises(Refused) as refused, streams.open(token, None):
            pass
        assert refused.value.code == "STREAM_OPEN"
    await clock.advance(9)
    assert len(streams) == 1
    await clock.advance(1)
    await until(lambda: len(streams) == 0)
    with pytest.raises(Refused) as refused:
        streams.find(token)
    assert refused.value.code == "STREAM_NOT_FOUND"
    await streams.close()


async def test_large_events_are_bounded_by_size() -> None:
    """Writers wait, and what was read is forgotten sooner; one event may be larger."""
    stream = EventStream(buffer=64)
    large = b"x" * (MAX_BUFFERED + 1)
    await stream.put_event(b"next", large)
    second = asyncio.ensure_future(stream.put_event(b"next", b"{}"))
    await asyncio.sleep(0)
    assert not second.done()
    await take(stream, 1)
    await second
    await take(stream, 1)
    with pytest.raises(Refused):
        stream.resume_after(0)
    stream.resume_after(1)
    assert await take(stream, 1) == [b"id: 2"]


async def test_one_address_has_a_share() -> None:
    """So that one client cannot take all streams; what expires is given back."""
    clock = ManualClock()
    options = Subscriptions(max_streams=5, max_streams_per_address=2)
    streams = EventStreams(options, Timeouts(unread_stream=10, clock=clock))
    for _ in range(2):
        streams.reserve("192.0.2.1")
    with pytest.raises(Refused, match="max_streams_per_address") as refused:
        streams.reserve("192.0.2.1")
    assert refused.value.code == "TOO_MANY_STREAMS"
    for _ in range(2):
        streams.reserve("2001:db8::1")
    with pytest.raises(Refused):
        streams.reserve("2001:db8::2")
    streams.reserve("192.0.2.2")
    with pytest.raises(Refused, match="max_streams are in use"):
        streams.reserve("192.0.2.3")
    await clock.advance(10)
    await until(lambda: len(streams) == 0)
    streams.reserve("192.0.2.1")
    await streams.close()


@pytest.mark.parametrize(
    ("address", "share"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("a:b", "a:b")],
)
def test_whose_streams_are_counted_together(address: str, share: str) -> None:
    """One subscriber of a provider has a whole network of IPv6."""
    assert find_share(address) == share


async def test_a_reservation_has_no_stream_yet() -> None:
    """A thousand of them are a thousand tokens; the stream is made with the first GET or POST."""
    streams = EventStreams(Subscriptions(), Timeouts())
    token = streams.reserve("192.0.2.1")
    assert streams._by_token[token].stream is None
    with streams.open(token, None) as stream:
        assert streams.find(token) is stream
    await streams.close()
