"""JSON bodies as the records of a form."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from connectors.forms import Form, Part, Unfit, record_class
from connectors.rest.typed_decode import decode_records

Product = record_class("Product", [Part("id", "id", int)])
Open = record_class("Open", [Part("raw", "raw", Any)])


def test_records_come_from_their_path() -> None:
    """The rest of the body is skipped."""
    (product,) = decode_records(5, Form(list[Product]), b'{"items": [{"id": 7, "more": [[1]]}], "next": 2}', ("items",))
    assert product.id == 7


def test_a_record_of_another_type_does_not_fit() -> None:
    """Then the body is decoded as plain Python."""
    with pytest.raises(Unfit):
        decode_records(5, Form(Product), b'{"id": "7"}', ())


def test_depth_is_bounded_where_a_part_takes_anything() -> None:
    """A form of known parts bounds the depth itself."""
    deep = b"[" * 9 + b"]" * 9
    with pytest.raises(Unfit):
        decode_records(5, Form(Open), b'{"raw": ' + deep + b"}", ())
    assert decode_records(20, Form(Open), b'{"raw": ' + deep + b"}", ()).raw == msgspec.json.decode(deep)
    assert decode_records(5, Form(Product), b'{"id": 7, "raw": ' + deep + b"}", ()).id == 7
