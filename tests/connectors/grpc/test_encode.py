"""Messages to plain Python and back: every kind of field, errors that name the field, and drawn data."""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.grpc.decode import Decoders, shorten_float
from connectors.grpc.encode import Encoders
from connectors.grpc.errors import RequestMismatch
from tests.connectors.grpc.shop import POOL, message_class

EVERYTHING = POOL.FindMessageTypeByName("shop.Everything")
read = Decoders(POOL).get_decoder(EVERYTHING)
write = Encoders(POOL).make_serializer(EVERYTHING)
UNSET = read(message_class("shop.Everything")())


def there_and_back(data: dict[str, Any]) -> dict[str, Any]:
    """Plain data as the wire would bring it back, with what is not set left out."""
    back = read(message_class("shop.Everything").FromString(write(data)))
    return {name: value for name, value in back.items() if value != UNSET[name] or name in data}


def test_an_empty_message_has_every_field() -> None:
    """Zero values where the proto has no presence, None where it has, and the order of the proto."""
    assert list(UNSET) == [field.name for field in EVERYTHING.fields]
    assert UNSET["text"] == ""
    assert UNSET["small"] == 0
    assert UNSET["flag"] is False
    assert UNSET["kind"] == "KIND_UNSPECIFIED"
    assert UNSET["numbers"] == []
    assert UNSET["counts"] == {}
    for name in ("maybe_number", "maybe_text", "price", "card", "cash", "inner", "at", "name", "anything", "packed"):
        assert UNSET[name] is None


@pytest.mark.parametrize(
    "data",
    [
        {"flag": True, "small": -7, "signed": -(2**63), "unsigned": 2**64 - 1, "fixed": 2**31 - 1},
        {"wide": 0.1, "narrow": 9.99, "narrows": [0.1, 3.4028235e38, 16777216.0]},
        {"text": "naïve 🦆", "raw": "AAEC/w==", "raws": ["", "AA=="], "class": "a Python keyword"},
        {"kind": "BOOK", "kinds": ["TOY", "KIND_UNSPECIFIED", 77]},
        {"maybe_number": 0, "maybe_text": ""},
        {"price": {"sku": "A", "amount": 2**60, "was": None}, "prices": [{"sku": "B", "amount": 1, "was": 0}]},
        {"price": {"sku": "", "amount": 0, "was": None}},
        {"counts": {"a": 1, "": 2}, "by_flag": {"true": "yes", "false": "no"}, "kind_of": {"x": "TOY"}},
        {"by_number": {"-5": {"sku": "A", "amount": 1, "was": None}}},
        {"card": ""},
        {"cash": 0},
        {"voucher": {"sku": "V", "amount": 5, "was": None}},
        {"at": "2030-01-31T12:00:00Z"},
        {"at": "2030-01-31T12:00:00.123456789Z", "times": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"]},
        {"took": "1.500s"},
        {"took": "-0.000000001s"},
        {"name": "", "names": ["a", ""], "big": 2**62, "truth": False, "blob": "/w==", "ratio": 0.1},
        {"settings": {"a": [1, 2.5, None, {"b": True}], "c": "d", "e": {}}},
        {"anything": {"x": None}},
        {"anything": "text", "list": [1, [2, []]], "values": {"a": 1, "b": None, "c": [True]}},
        {"packed": {"@type": "type.googleapis.com/shop.Price", "sku": "A", "amount": 1, "was": None}},
        {"packed": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "3s"}},
        {"mask": "name,price.unit_amount"},
        {"empty": {}},
    ],
    ids=lambda data: "-".join(data),
)
def test_plain_data_survives_the_wire(data: dict[str, Any]) -> None:
    """What is written is what is read, in the same plain words."""
    assert there_and_back(data) == data


def test_messages_may_contain_themselves() -> None:
    """A recursive type is converted to any depth that protobuf allows."""
    data: dict[str, Any] = {"text": "leaf"}
    for _ in range(40):
        data = {"inner": data}
    back: Any = there_and_back(data)
    for _ in range(40):
        back = back["inner"]
    assert back["text"] == "leaf"


def test_requests_may_be_friendlier_than_replies() -> None:
    """Numbers as text, Python enums, bytes, datetimes, durations, lists of paths, keys of maps by their type."""
    kind = Enum("Kind", {"TOY": "toy"})
    data = {
        "signed": "-9007199254740993",
        "kind": kind.TOY,
        "kinds": [1, "BOOK"],
        "raw": b"\xff",
        "at": datetime(2030, 1, 31, 13, 0, 0, 5, tzinfo=timezone(timedelta(hours=1))),
        "times": [datetime(2030, 1, 1, tzinfo=UTC), "2030-01-01T02:00:00+02:00"],
        "took": timedelta(milliseconds=1500),
        "mask": ["name", "at"],
        "by_flag": {True: "yes"},
        "by_number": {7: {"sku": "A"}},
        "text": None,
        "wide": 3,
    }
    assert there_and_back(data) == {
        "signed": -9007199254740993,
        "kind": "TOY",
        "kinds": ["TOY", "BOOK"],
        "raw": "/w==",
        "at": "2030-01-31T12:00:00.000005Z",
        "times": ["2030-01-01T00:00:00Z"] * 2,
        "took": "1.500s",
        "mask": "name,at",
        "by_flag": {"true": "yes"},
        "by_number": {"7": {"sku": "A", "amount": 0, "was": None}},
        "text": "",
        "wide": 3.0,
    }


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"small": 2**31}, "small: is out of the range of int32"),
        ({"unsigned": -1}, "unsigned: is out of the range of uint64"),
        ({"small": "seven"}, "small: takes an int32, not str"),
        ({"small": True}, "small: takes an int32, not bool"),
        ({"small": 1.5}, "small: takes an int32, not float"),
        ({"narrow": 1e39}, "narrow: is out of the range of float"),
        ({"wide": 10**400}, "wide: is out of the range of double"),
        ({"wide": "one"}, "wide: takes a number, not str"),
        ({"flag": 1}, "flag: takes a boolean, not int"),
        ({"text": 7}, "text: takes text, not int"),
        ({"text": "\ud800"}, "text: is not valid Unicode"),
        ({"raw": "not base64!"}, "raw: takes base64, and this text is not base64"),
        ({"raw": 7}, "raw: takes bytes or base64, not int"),
        ({"kind": "BOK"}, 'kind: is not a value of shop.Kind; did you mean "BOOK"?'),
        ({"kind": 2**31}, "kind: is out of the range of int32"),
        ({"kind": []}, "kind: is not a value of shop.Kind; it has KIND_UNSPECIFIED, TOY, BOOK"),
        ({"price": {"amount": "x"}}, "price.amount: takes an int64, not str"),
        ({"price": 7}, "price: takes a dict with fields of shop.Price, not int"),
        ({"prices": [{}, {"sku": 1}]}, "prices.1.sku: takes text, not int"),
        ({"prices": {}}, "prices: takes a list, not dict"),
        ({"prices": [None]}, "prices.0: takes a dict with fields of shop.Price, not null"),
        ({"numbers": [1, None]}, "numbers.1: takes an int64, not null"),
        ({"numbers": [1, 2**63]}, "numbers.1: is out of the range of int64"),
        ({"numbers": [1, True]}, "numbers.1: takes an int64, not bool"),
        ({"numbers": "12"}, "numbers: takes a list, not str"),
        ({"counts": {"a": "b"}}, "counts.a: takes an int32, not str"),
        ({"counts": [1]}, "counts: takes a dict, not list"),
        ({"by_number": {"x": {}}}, "by_number.x: takes an int64, not str"),
        ({"by_number": {"1": {"was": []}}}, "by_number.1.was: takes an int64, not list"),
        ({"card": "c", "cash": 1}, 'cash: only one field of "payment" can be set, and another one is set'),
        ({"at": "yesterday"}, 'at: takes a time such as "2030-01-31T12:00:00Z"'),
        ({"at": 7}, "at: takes a time, not int"),
        ({"took": "long"}, 'took: takes a duration such as "1.5s"'),
        ({"took": 1.5}, "took: takes a duration, not float"),
        ({"big": 2**63}, "big: is out of the range of int64"),
        ({"settings": []}, "settings: takes a dict, not list"),
        ({"settings": {1: 2}}, "settings: takes a dict with names, not with int as key"),
        ({"settings": {"a": [object()]}}, "settings.a.0: takes plain data, not object"),
        ({"settings": {"a": 10**400}}, "settings.a: is out of the range of double"),
        ({"settings": {"a": "\ud800"}}, "settings.a: is not valid Unicode"),
        ({"list": "x"}, "list: takes a list, not str"),
        ({"packed": {"sku": "A"}}, 'packed: takes a dict with "@type", not dict'),
        (
            {"packed": {"@type": "x/shop.Pricce"}},
            "packed: the \"@type\" 'shop.Pricce' is not among the upstream's types",
        ),
        ({"packed": {"@type": "x/shop.Price", "amount": ""}}, "packed.amount: takes an int64, not str"),
        ({"mask": 7}, 'mask: takes paths such as "name,price.units", not int'),
        ({"mask": [7]}, "mask: takes text, not int"),
        ([], "takes a dict with fields of shop.Everything, not list"),
    ],
)
def test_what_does_not_fit_is_named(data: Any, says: str) -> None:
    """The path of the field and the reason; a value never stands in the message."""
    with pytest.raises(RequestMismatch) as caught:
        write(data)
    assert str(caught.value) == says
    assert not caught.value.is_definition


def test_an_unknown_field_has_a_nearest_name() -> None:
    """It is the author's mistake, and says what is there."""
    with pytest.raises(
        RequestMismatch, match=r'^price\.amuont: shop\.Price has no such field; did you mean "amount"\?$'
    ) as caught:
        write({"price": {"amuont": 1}})
    assert caught.value.is_definition
    with pytest.raises(RequestMismatch, match="it has sku, amount, was"):
        write({"price": {"zzz": 1}})


def test_data_nested_beyond_reason_is_refused() -> None:
    """A hundred thousand levels are an error of the request, not of the interpreter."""
    data: Any = 1
    for _ in range(100_000):
        data = [data]
    with pytest.raises(RequestMismatch, match="nested too deeply"):
        write({"anything": data})


def test_a_message_in_an_unknown_type_keeps_its_bytes() -> None:
    """Any of a type that the upstream did not describe is not lost."""
    message = message_class("shop.Everything")()
    message.packed.type_url, message.packed.value = "x/other.Thing", b"\x01"
    assert read(message)["packed"] == {"@type": "x/other.Thing", "value": "AQ=="}


def test_infinite_and_undefined_numbers_stay_numbers() -> None:
    """What to do with them is for the GraphQL layer to say."""
    back = there_and_back({"wide": math.inf, "narrow": -math.inf, "narrows": [math.nan]})
    assert back["wide"] == math.inf
    assert back["narrow"] == -math.inf
    assert math.isnan(back["narrows"][0])


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_shortest_float_is_the_same_float(value: float) -> None:
    """Nothing is lost by leaving digits away."""
    assert struct.pack("f", shorten_float(value)) == struct.pack("f", value)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_INT64 = st.integers(-(2**63), 2**63 - 1)
_FLOAT = st.floats(width=32, allow_nan=False, allow_infinity=False).map(shorten_float)
_KIND = st.sampled_from(["KIND_UNSPECIFIED", "TOY", "BOOK"])
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**52), 2**52) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_PRICE = st.fixed_dictionaries({"sku": _TEXT, "amount": _INT64, "was": st.none() | _INT64})
_TIME = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(
    lambda at: Decoders(POOL).get_decoder(_TIMESTAMP)(_stamp(at))
)
_TIMESTAMP = POOL.FindMessageTypeByName("google.protobuf.Timestamp")


def _stamp(at: datetime) -> Any:
    message = message_class("google.protobuf.Timestamp")()
    message.FromDatetime(at)
    return message


_FIELDS = {
    "flag": st.booleans(),
    "small": st.integers(-(2**31), 2**31 - 1),
    "signed": _INT64,
    "unsigned": st.integers(0, 2**64 - 1),
    "wide": st.floats(allow_nan=False),
    "narrow": _FLOAT,
    "text": _TEXT,
    "kind": _KIND | st.integers(3, 2**31 - 1),
    "maybe_number": st.integers(-(2**31), 2**31 - 1),
    "maybe_text": _TEXT,
    "price": _PRICE,
    "numbers": st.lists(_INT64, max_size=4),
    "kinds": st.lists(_KIND, max_size=4),
    "prices": st.lists(_PRICE, max_size=3),
    "counts": st.dictionaries(_TEXT, st.integers(-(2**31), 2**31 - 1), max_size=3),
    "by_number": st.dictionaries(_INT64.map(str), _PRICE, max_size=2),
    "by_flag": st.dictionaries(st.sampled_from(["true", "false"]), _TEXT),
    "at": _TIME,
    "times": st.lists(_TIME, max_size=3),
    "name": _TEXT,
    "big": _INT64,
    "truth": st.booleans(),
    "settings": st.dictionaries(_TEXT, _PLAIN, max_size=3),
    "list": st.lists(_PLAIN, max_size=3),
    "values": st.dictionaries(_TEXT, _PLAIN, max_size=2),
    "narrows": st.lists(_FLOAT, max_size=3),
}
_CHOICES = {"card": _TEXT, "cash": st.integers(-(2**31), 2**31 - 1), "voucher": _PRICE}
_RECORD = st.fixed_dictionaries({}, optional=_FIELDS)
_CHOICE = st.just({}) | st.sampled_from(sorted(_CHOICES)).flatmap(
    lambda name: st.fixed_dictionaries({name: _CHOICES[name]})
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_RECORD, _CHOICE, st.none() | _RECORD)
def test_drawn_data_survives_the_wire(record: dict, choice: dict, inner: dict | None) -> None:
    """dict -> message -> bytes -> message -> dict is the identity, also for a message inside of its own type."""
    data = {**record, **choice} if inner is None else {**record, **choice, "inner": {**UNSET, **inner}}
    assert there_and_back(data) == data


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([field.name for field in EVERYTHING.fields]), _ANYTHING)
def test_any_data_fits_or_is_unfit(name: str, data: Any) -> None:
    """Whatever a frontend sends, no other exception leaves the writer."""
    with suppress(RequestMismatch):
        there_and_back({name: data})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_RECORD)
def test_protobufs_own_json_agrees(record: dict) -> None:
    """Fields that are set have the value of json_format, but for 64-bit integers, which JSON there writes as text."""
    message = message_class("shop.Everything").FromString(write(record))
    ours = read(message)
    theirs = MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=POOL)
    for name, value in theirs.items():
        assert _like_json(ours[name], name) == value, name


def _like_json(value: Any, name: str) -> Any:
    if name in ("signed", "unsigned", "big"):
        return str(value)
    if name == "numbers":
        return [str(number) for number in value]
    if name == "prices":
        return [_price(price) for price in value]
    if name == "price":
        return _price(value)
    if name == "by_number":
        return {key: _price(price) for key, price in value.items()}
    if name in ("wide", "narrow") and isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _price(price: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "sku": price["sku"] or None,
        "amount": str(price["amount"]) if price["amount"] else None,
        "was": None if price["was"] is None else str(price["was"]),
    }
    return {name: value for name, value in shown.items() if value is not None}
