"""Charset parameters, byte order marks and zero bytes: the text comes as UTF-8, or an error names the charset."""

from __future__ import annotations

import json

import pytest

from connectors.messages.charset import UnknownCharset, convert_to_utf8, find_charset, normalize_charset

TEXT = '{"v": "café"}'


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("application/json", None),
        ("", None),
        ("application/json; charset=utf-8", None),
        ("application/json; charset=UTF8", None),
        ("text/plain;charset=us-ascii", None),
        ("application/json; charset=", None),
        ('application/json; charset="ISO-8859-1"', "iso8859-1"),
        ("application/json; charset='latin1'", "iso8859-1"),
        ("application/json; CharSet = Windows-1252", "cp1252"),
        ('application/json; a="x; charset=utf-16"; charset=cp1252', "cp1252"),
        ('text/plain; charset="latin\\1"', "iso8859-1"),
        ("text/plain; charset=iso-8859-2, text/plain", "iso8859-2"),
        ("text/plain; charset=gb2312", "gb18030"),
        ("text/plain; charset=shift_jis", "cp932"),
        ("text/plain; charset=UTF-16LE; v=1", "utf-16-le"),
    ],
)
def test_the_parameter_is_found(content_type: str, charset: str | None) -> None:
    """In any case, quoted or not."""
    assert find_charset(content_type) == charset


@pytest.mark.parametrize(
    "name", ["klingon", "hex", "zip", "rot13", "punycode", "idna", "unicode_escape", "../../etc", "x" * 200, "os", "\0"]
)
def test_only_character_encodings_count(name: str) -> None:
    """Python has codecs that are no character encodings, and looks for modules of names that it does not know."""
    assert normalize_charset(name) is None
    with pytest.raises(UnknownCharset, match="charset="):
        convert_to_utf8(TEXT.encode("latin-1"), f'text/plain; charset="{name}"')
    assert convert_to_utf8(b'{"v": 1}', f'text/plain; charset="{name}"') == b'{"v": 1}'


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "application/json; charset=latin-1"),
        ("latin-1", "application/json; charset=ISO-8859-1"),
        ("cp1252", "application/json; charset=windows-1252"),
        ("utf-16", "application/json"),
        ("utf-16", "application/json; charset=utf-16"),
        ("utf-16-le", "application/json; charset=utf-16"),
        ("utf-16-be", "application/json; charset=utf-16"),
        ("utf-16-le", "application/json; charset=utf-16le"),
        ("utf-16-be", "application/json"),
        ("utf-16-le", "application/json; charset=utf-8"),
        ("utf-32", "application/json"),
        ("utf-32-le", "application/json"),
        ("utf-32-be", "application/json; charset=utf-32"),
        ("utf-8", "application/json; charset=utf-16"),
        ("utf-8", "application/json; charset=ISO-8859-1"),
        ("cp850", "application/json; charset=cp850"),
    ],
)
def test_json_is_converted(encoding: str, content_type: str) -> None:
    """By its mark, its charset, or its zero bytes; UTF-8 under the name of a server's default is UTF-8."""
    assert json.loads(convert_to_utf8(TEXT.encode(encoding), content_type).decode("utf-8")) == {"v": "café"}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
def test_text_is_converted(encoding: str) -> None:
    """Also without a mark, by where its zeros are."""
    content_type = "text/plain; charset=utf-16"
    assert convert_to_utf8("Grüße!".encode(encoding), content_type, is_json=False).decode() == "Grüße!"


def test_text_is_what_its_charset_says() -> None:
    """Of text, nothing says that it should be UTF-8."""
    assert convert_to_utf8("Ã©".encode("latin-1"), "text/plain; charset=latin-1", is_json=False).decode() == "Ã©"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"v": "\x81"}', "text/plain; charset=cp1252"),
        ('{"v": "\ud800"}'.encode("utf-16-le", "surrogatepass"), "application/json; charset=utf-16le"),
        ('{"v": "a"}'.encode("utf-16-le") + b"\0", "application/json; charset=utf-16le"),
        (b'{"v": "\x85\x20"}', "application/json; charset=shift_jis"),
    ],
)
def test_what_cannot_be_decoded_is_no_utf8(body: bytes, content_type: str) -> None:
    """So that it is found where its value is."""
    with pytest.raises(UnicodeDecodeError):
        convert_to_utf8(body, content_type).decode()
