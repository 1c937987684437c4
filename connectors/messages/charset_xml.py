"""The character encoding of XML that came over HTTP (RFC 7303 section 3). Used for SOAP, WSDLs and REST."""

from __future__ import annotations

import codecs
import re
import secrets
import sys

from connectors.messages.charset import UnknownCharset, find_charset, normalize_charset
from connectors.messages.json_mending import Mended

_STARTS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml\s[^>]*\?>")
_DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_MAX_HEAD = 1_000
_NOT_UTF8 = re.compile("[\udc80-\udcff]+")
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters outside of XML 1.0, section 2.2."""
_REFERENCE = re.compile("&#([xX][0-9a-fA-F]{1,9}|[0-9]{1,9});")


def convert_to_utf8(content: bytes, content_type: str) -> bytes:
    """The same XML in bytes that an XML parser reads by itself: unchanged, or as UTF-8 without a declaration.

    A byte order mark comes first, then the charset of the content type, then the declaration. Where the two disagree,
    as with servers that say one charset and send another, valid UTF-8 is taken for UTF-8.
    """
    named = next((name for start, name in _STARTS if content.startswith(start)), None)
    if named is None:
        declared = _find_declared(content)
        charset = _find_charset(content_type) if "charset" in content_type.lower() else None
        if declared is not None and declared.startswith(("utf-16", "utf-32")):
            named = charset or "utf-8"  # the bytes are neither, so that was written before they were encoded
        elif charset is None or charset == (declared or "utf-8") or content.isascii():
            return content
        elif "utf-8" in (declared or "utf-8", charset) and _is_utf8(content):
            named = "utf-8"
        else:
            named = charset
    try:
        text = content.decode(named)
    except (UnicodeDecodeError, LookupError):
        return content
    return _DECLARATION.sub("", text, count=1).removeprefix("\ufeff").encode("utf-8", "replace")


def mend_xml(content: bytes) -> Mended | None:
    """XML in UTF-8 that a parser refuses, with marks in place of bytes and characters that it does not allow.

    None where nothing of that kind is in it.
    """
    if not content.isascii() and _find_declared(content) not in (None, "utf-8"):
        return None
    mark = secrets.token_hex(8)
    text, bad_bytes = _NOT_UTF8.subn(f"{mark}b", content.decode("utf-8", "surrogateescape"))
    text, bad_characters = _NOT_XML.subn(f"{mark}c", text)
    count = bad_bytes + bad_characters

    def replace(found: re.Match[str]) -> str:
        nonlocal count
        code = int(found[1][1:], 16) if found[1][0] in "xX" else int(found[1])
        if code <= sys.maxunicode and not _NOT_XML.match(chr(code)) and not 0xD800 <= code < 0xE000:
            return found[0]
        count += 1
        return f"{mark}c"

    text = _REFERENCE.sub(replace, text)
    return Mended(text.encode(), mark) if count else None


def _find_charset(content_type: str) -> str | None:
    """The charset parameter, by Python's name for it; None without one that is known."""
    try:
        return find_charset(content_type) or "utf-8"
    except UnknownCharset:
        return None


def _find_declared(content: bytes) -> str | None:
    found = _DECLARED.match(content[:_MAX_HEAD])
    return None if found is None else normalize_charset(found[1].decode("ascii", "replace"))


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
