"""Numbers take a bounded time: those that msgspec takes long for are decoded by Python."""

from __future__ import annotations

import math
import time

import msgspec
import pytest

from connectors.forms import Form, Part, Unfit, fit_json, record_class
from connectors.messages.json_numbers import SMALL, has_slow_numbers, parse_json

NUMBERS = [b"1e300", b"1e-320", b"1.5", b"-0.0", b"1E+300", b"12345678901234567890123", b"1e23", b"0.1", b"5e-324"]


def test_large_bodies_hold_the_same_numbers() -> None:
    """As small ones."""
    for number in NUMBERS:
        small = msgspec.json.decode(number)
        for value in parse_json(b"[" + b",".join([number] * (SMALL // len(number) + 1)) + b"]"):
            assert (value, type(value), math.copysign(1, value)) == (small, type(small), math.copysign(1, small))
    with pytest.raises(msgspec.DecodeError):
        parse_json(b"[1e400" + b" " * SMALL + b"]")


def test_half_a_megabyte_of_slow_numbers() -> None:
    """3,020 ms before, 90 ms after, of CPU; no larger text is decoded at once."""
    body = b"[" + b",".join([b"1e300"] * 80_000) + b"]"
    began = time.thread_time()
    assert len(parse_json(body)) == 80_000
    assert time.thread_time() - began < 0.5


def test_records_of_slow_numbers_do_not_fit() -> None:
    """Only the way that is bounded is taken; identifiers that look like such numbers are no reason."""
    record = record_class("Price", [Part("price", "price", float)])
    many = [b'{"price":1.5,"id":"0e123e45-7e00-4e00"}'] * 1000
    assert len(fit_json(Form(list[record]), b"[" + b",".join(many) + b"]", ())) == 1000  # type: ignore[valid-type]
    for slow in (b"1e300", b"1.5E-310", b"1e+23 "):
        body = b"[" + b",".join([*many, b'{"price":' + slow + b"}"]) + b"]"
        assert has_slow_numbers(body)
        with pytest.raises(Unfit):
            fit_json(Form(list[record]), body, ())  # type: ignore[valid-type]
