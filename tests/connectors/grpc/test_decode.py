"""Messages to plain Python: the decoders of one pool."""

from __future__ import annotations

import pytest

from connectors.grpc.decode import Decoders, has_plain_form, is_map, shorten_float, write_raw_code
from tests.connectors.grpc.shop import POOL, message_class

EVERYTHING = POOL.FindMessageTypeByName("shop.Everything")


def test_a_decoder_is_made_once() -> None:
    """Also for a message that contains itself."""
    decoders = Decoders(POOL)
    assert decoders.get_decoder(EVERYTHING) is decoders.get_decoder(EVERYTHING)


def test_a_field_is_its_value_and_one_with_presence_may_be_null() -> None:
    """Names are the proto's own."""
    data = Decoders(POOL).get_decoder(EVERYTHING)(message_class(EVERYTHING.full_name)())
    assert list(data) == [field.name for field in EVERYTHING.fields]
    for field in EVERYTHING.fields:
        if field.message_type is not None and not field.is_repeated:
            assert data[field.name] is None


def test_which_messages_have_a_plain_form() -> None:
    """Timestamps are text and wrappers their value; other messages are dicts."""
    names = {"google.protobuf.Timestamp": True, "google.protobuf.Int64Value": True, "google.protobuf.Any": True}
    for name, has in {**names, EVERYTHING.full_name: False}.items():
        assert has_plain_form(POOL.FindMessageTypeByName(name)) is has
    maps = [field.name for field in EVERYTHING.fields if is_map(field)]
    assert maps
    assert all(EVERYTHING.fields_by_name[name].is_repeated for name in maps)


@pytest.mark.parametrize(("value", "shown"), [(9.989999771118164, 9.99), (0.0, 0.0), (float("inf"), float("inf"))])
def test_a_float_is_the_shortest_decimal(value: float, shown: float) -> None:
    """Of those that name the same 32 bits."""
    assert shorten_float(value) == shown


def test_only_identifiers_become_code() -> None:
    """A field named like a keyword is read by its name as text."""
    fields = {field.name: write_raw_code(field) for field in EVERYTHING.fields}
    assert fields["class"] == "getattr(m, 'class')"
    assert all(code == f"m.{name}" for name, code in fields.items() if name != "class")
