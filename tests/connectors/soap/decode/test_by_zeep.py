"""What the decoders do not support is decoded by zeep, with the same outcome."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from connectors.errors import UpstreamBadReply
from connectors.soap.decode.by_zeep import convert_to_plain
from tests.connectors.http_world import HttpWorld
from tests.connectors.soap.books import books, data_of


async def test_soap_encoded_arrays_are_lists(http: HttpWorld) -> None:
    """What readers do not cover is read by zeep, with the same outcome."""
    array = (
        '<books xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" e:arrayType="b:Book[2]" xmlns:b="urn:books">'
        "<item><title>A</title><pages>9</pages></item><item><title>B</title><pages>7</pages></item></books>"
    )
    data = await data_of(http, f'<r:ListResponse xmlns:r="urn:books">{array}</r:ListResponse>', books)
    assert data == {
        "books": [{"title": "A", "pages": 9, "next": None}, {"title": "B", "pages": 7, "next": None}],
    }


async def test_what_zeep_cannot_read_is_a_bad_reply(http: HttpWorld) -> None:
    """Its exceptions stay inside."""
    with pytest.raises(UpstreamBadReply, match="zeep cannot read it"):
        await data_of(http, '<r:ListResponse xmlns:r="urn:books"><booms/></r:ListResponse>', books)


def test_values_of_zeep_are_as_those_of_the_decoders() -> None:
    """A decimal and a date are text, bytes are base64, and elements of xs:any are there by name."""
    element = etree.fromstring("<x><y>7</y></x>")
    value = {
        "a": Decimal("9.90"),
        "b": [date(2030, 1, 31), element],
        "c": b"abc",
        "d": element,
        "_raw_elements": [element],
    }
    inside = {"y": "7"}
    assert convert_to_plain(value) == {"a": "9.90", "b": ["2030-01-31", inside], "c": "YWJj", "d": inside, "x": inside}
    assert convert_to_plain([element, element]) == {"x": [inside, inside]}
