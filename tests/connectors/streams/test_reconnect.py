"""Delays between attempts to reconnect."""

from __future__ import annotations

from connectors.streams.reconnect import Backoff, Reconnect
from connectors.testing import ManualClock


def lost_three_times() -> Backoff:
    """The delay began with 0.1 s and has doubled."""
    backoff = Backoff(Reconnect(initial_delay=0.1, max_delay=10.0, give_up_after=60.0))
    for _ in range(3):
        backoff.next_delay()
    return backoff


def test_pauses_double_up_to_the_most_with_jitter() -> None:
    """Between half and all of 0.1, 0.2, 0.4, 0.4 ... seconds."""
    backoff = Backoff(Reconnect(initial_delay=0.1, max_delay=0.4, give_up_after=60.0))
    for whole in (0.1, 0.2, 0.4, 0.4):
        assert whole / 2 <= backoff.next_delay() <= whole
    assert not backoff.has_given_up


def test_a_connection_that_breaks_at_once_does_not_make_pauses_shorter() -> None:
    """Only one that lasted starts over with the first pause."""
    backoff = lost_three_times()
    backoff.record_loss(open_for=0.01, has_received=True)
    assert backoff.next_delay() >= 0.4
    backoff.record_loss(open_for=30.0, has_received=True)
    assert backoff.next_delay() <= 0.1


def test_a_connection_without_a_message_is_of_no_use() -> None:
    """Unless it lasted for longer than any delay, as quiet ones do."""
    backoff = lost_three_times()
    backoff.record_loss(open_for=9.0, has_received=False)
    assert backoff.next_delay() >= 0.4
    backoff.record_loss(open_for=10.1, has_received=False)
    assert backoff.next_delay() <= 0.1


async def test_hope_ends_after_give_up() -> None:
    """Counted from when the connection was lost."""
    clock = ManualClock()
    backoff = Backoff(Reconnect(initial_delay="100ms", max_delay="1s", give_up_after="10s"), clock)
    assert not backoff.has_given_up
    await clock.advance(11)
    assert backoff.has_given_up
    backoff.record_loss(open_for=0.01, has_received=True)
    assert backoff.has_given_up
    backoff.record_loss(open_for=1.0, has_received=True)
    assert not backoff.has_given_up
