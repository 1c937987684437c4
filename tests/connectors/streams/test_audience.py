"""Which subscribers a message is for."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from connectors.streams.audience import Audience, to_comparable

VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "1", "true", "a"]), st.just(1.0))


@given(
    wanted=st.lists(st.dictionaries(st.sampled_from(["a", "b"]), VALUES), max_size=8),
    message=st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES),
)
def test_an_audience_hears_what_comparing_each_viewer_would_find(wanted: list[dict], message: dict) -> None:
    """The index by values is only faster than asking everyone, never different."""
    audience: Audience[dict] = Audience()
    heard: list[int] = []
    joined = [
        audience.join({(name,): value for name, value in each.items()}, lambda _, index=index: heard.append(index))
        for index, each in enumerate(wanted)
    ]
    for each in joined:
        each.__enter__()
    expected = [
        index
        for index, each in enumerate(wanted)
        if all(to_comparable(message.get(name)) == to_comparable(value) for name, value in each.items())
    ]
    assert audience.deliver(message, message) == bool(expected)
    assert sorted(heard) == expected
    for each in joined:
        each.__exit__(None, None, None)
    assert not audience.deliver(message, message)
    assert not audience._rows


def test_the_newest_message_is_kept_while_somebody_listens() -> None:
    """And forgotten with the last one, so that nobody sees a value of yesterday."""
    audience: Audience[str] = Audience()
    late: list[str] = []
    with audience.join({("sym",): "A"}, lambda _: None):
        audience.deliver({"sym": "A"}, "newest")
        with audience.join({("sym",): "A"}, late.append, newest=True):
            assert late == ["newest"]
    with audience.join({("sym",): "A"}, late.append, newest=True):
        assert late == ["newest"]


def test_the_work_for_a_message_does_not_grow_with_the_viewers_of_others() -> None:
    """Ten thousand viewers of other topics cost next to nothing."""

    def seconds(viewers: int) -> float:
        audience: Audience[int] = Audience()
        for number in range(viewers):
            audience.join({("sym",): str(number)}, lambda _: None).__enter__()
        began = time.process_time()
        for number in range(2000):
            audience.deliver({"sym": "0"}, number)
        return time.process_time() - began

    assert seconds(10_000) < 10 * seconds(1) + 0.05
