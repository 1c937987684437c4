"""Keys: equal for equal data, different for everything else."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bff.policies.outbound.identity import create_key, freeze
from tests.bff.policies.outbound.world import call

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 2.5]) | st.text("ab1", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def typed(value):
    """The value with the type of every part, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return {name: typed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [typed(each) for each in value]
    return (type(value).__name__, value)


@given(plain, plain)
def test_equal_exactly_when_the_data_is(one, other) -> None:
    """No two different values share a key, and equal ones always do."""
    assert (freeze(one) == freeze(other)) is (typed(one) == typed(other))
    assert freeze(one) == freeze(one)
    assert hash(freeze(one)) == hash(freeze(one))


def test_the_order_of_a_mapping_does_not_matter() -> None:
    """Also with keys that cannot be sorted."""
    assert freeze({"a": 1, 2: "b"}) == freeze({2: "b", "a": 1})


def test_dataclasses_are_compared_by_their_fields() -> None:
    """Input objects of a schema are dataclasses, often without a hash."""

    @dataclass
    class Filter:
        words: list[str]

    assert freeze(Filter(["a"])) == freeze(Filter(["a"]))
    assert freeze(Filter(["a"])) != freeze(Filter(["b"]))


def test_what_cannot_be_compared_is_never_the_same() -> None:
    """An object whose text hides its content must not stand for another one."""

    class Opaque:
        __hash__ = None

        def __repr__(self) -> str:
            return "<opaque>"

    one = Opaque()
    assert freeze(one) == freeze(one)
    assert freeze(one) != freeze(Opaque())


def test_a_key_holds_no_header() -> None:
    """Keys live longer than calls, and what is in memory ends in a dump."""
    assert "s3cret" not in repr(create_key(call(headers={"authorization": "Bearer s3cret"})))


def test_headers_cannot_be_shifted_into_one_another() -> None:
    """Names and values are told apart, whatever they hold."""
    assert create_key(call(headers={"a": "1:b", "c": "2"})) != create_key(call(headers={"a": "1", "b:c": "2"}))
