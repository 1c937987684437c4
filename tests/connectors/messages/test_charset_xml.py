"""Which charset XML is read as: by its mark, by its content type, by its declaration."""

from __future__ import annotations

import pytest
from lxml import etree

from connectors.messages.charset_xml import convert_to_utf8

TEXT = "größe"


def declared(charset: str | None) -> str:
    return "" if charset is None else f'<?xml version="1.0" encoding="{charset}"?>'


@pytest.mark.parametrize(
    ("encoded", "declaration", "content_type"),
    [
        ("utf-8", None, "text/xml"),
        ("utf-8", "UTF-8", "text/xml; charset=utf-8"),
        ("utf-8", None, 'text/xml; charset="UTF-8"'),
        ("utf-8-sig", "utf-8", "text/xml"),
        ("latin-1", "ISO-8859-1", "text/xml"),
        ("latin-1", None, "text/xml; charset=iso-8859-1"),
        ("latin-1", "UTF-8", "text/xml; charset=ISO-8859-1"),
        ("cp1252", "utf-8", "application/soap+xml; action=x; charset=windows-1252"),
        ("utf-16", "UTF-16", "text/xml; charset=utf-16"),
        ("utf-16-le", "utf-16", "text/xml"),
        ("utf-16-be", None, "text/xml; charset=utf-8"),
        ("utf-32", "utf-32", "text/xml"),
        ("utf-8", "utf-16", "text/xml; charset=utf-8"),
        ("utf-8", "utf-16", "text/xml"),
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        ("utf-8", "iso-8859-1", "text/xml; charset=utf-8"),
        ("latin-1", "iso-8859-1", "text/xml; charset=utf-8"),
        ("utf-8", None, "text/xml; charset=nonsense"),
    ],
)
def test_the_text_is_what_was_meant(encoded: str, declaration: str | None, content_type: str) -> None:
    """The last ones are servers that say two things."""
    content = (declared(declaration) + f"<a>{TEXT}</a>").encode(encoded)
    assert etree.fromstring(convert_to_utf8(content, content_type)).text == TEXT


def test_what_is_right_already_is_not_copied() -> None:
    """The usual reply costs nothing."""
    for content in (b"<a/>", declared("utf-8").encode() + TEXT.encode()):
        assert convert_to_utf8(content, "text/xml; charset=utf-8") is content


def test_bytes_that_are_no_text_are_left_to_the_parser() -> None:
    """Which refuses them."""
    assert convert_to_utf8(b"\xff\xfe<", "text/xml") == b"\xff\xfe<"
