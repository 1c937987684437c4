"""The character encoding of what came over HTTP: found in its content type and its first bytes, and turned into UTF-8.

Used by every connector that speaks over HTTP, for replies and for the bodies of errors.
"""

from __future__ import annotations

import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

_PARAMETER = re.compile(r""";\s*([^\s=;"]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|'([^';]*+)'|([^\s;,"']*+))""")
_MAX_HEAD = 1_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16 LE
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_OF_MARKS: Final = frozenset(mark[:1] for mark, _ in _MARKS)
_WEB: Final = {
    "utf8mb4": "utf-8",
    "unicode_1_1_utf_8": "utf-8",
    "x_sjis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "euc_kr": "cp949",
    "ks_c_5601_1987": "cp949",
    "x_mac_roman": "mac_roman",
    "macintosh": "mac_roman",
}
"""Names that the web uses, or uses for a larger set of characters (WHATWG Encoding, section 4.2)."""
_NOT_CHARSETS = frozenset(("punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf_7", "undefined", "mbcs"))
_KNOWN = frozenset((*aliases, *aliases.values())) - _NOT_CHARSETS
"""What Python has, by its own names: an upstream cannot have it look for others."""
_USUAL = frozenset(("iso8859-1", "iso8859-15", "cp1252"))
"""What servers name without looking: some send UTF-8 all the same."""
_UTF8 = frozenset(("utf-8", "ascii", "utf-8-sig"))
_WIDE = ("utf-16", "utf-32")
_SAMPLE = 200
_SHOWN = 40


class UnknownCharset(ValueError):
    """The content type names a character encoding that nothing is known of."""


@lru_cache(maxsize=500)
def find_charset(content_type: str) -> str | None:
    """The charset parameter by Python's name for it; None without one, and for UTF-8. Raises UnknownCharset."""
    parameters = _PARAMETER.finditer(content_type[:_MAX_HEAD])
    found = next((each for each in parameters if each[1].lower() == "charset"), None)
    if found is None:
        return None
    name = re.sub(r"\\(.)", r"\1", found[2] or found[3] or found[4] or "").strip("\"' ")
    if not name:
        return None
    known = normalize_charset(name)
    if known is None:
        raise UnknownCharset(f"its Content-Type has charset={name[:_SHOWN]!r}, which is not known")
    return None if known in _UTF8 else known


def normalize_charset(name: str) -> str | None:
    """Python's name for a character encoding; None where there is none."""
    key = normalize_encoding(name.strip().lower())
    if key in _WEB:
        return codecs.lookup(_WEB[key]).name
    if key.replace(".", "_") not in _KNOWN:
        return None
    try:
        info = codecs.lookup(key)
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) and info.name not in _NOT_CHARSETS else None


def convert_to_utf8(body: bytes, content_type: str, *, is_json: bool = True) -> bytes:
    """The same text as UTF-8 without a byte order mark. What cannot be decoded is no UTF-8 afterwards either.

    A byte order mark comes first, then the charset of the content type; JSON without either is recognised by its zero
    bytes (RFC 4627 section 3). JSON that is valid UTF-8 is taken for that where the type names a server's usual
    default (RFC 8259 section 8.1). Raises UnknownCharset, unless all is ASCII.
    """
    for mark, name in _MARKS if body[:1] in _FIRST_OF_MARKS else ():
        if body.startswith(mark):
            rest = body[len(mark) :]
            return rest if name == "utf-8" else _convert(rest, name)
    try:
        charset = find_charset(content_type)
    except UnknownCharset:
        if body.isascii():
            return body
        raise
    if is_json and (charset is None or charset.startswith(_WIDE)):
        charset = _recognise_json(body) or (charset and _utf8_or(body, charset))
    if charset is None or charset in _UTF8:
        return body
    if charset in ("utf-16", "utf-32"):
        charset = _choose_order(body, charset)
    if charset in _USUAL and (body.isascii() or (is_json and _is_utf8(body))):
        return body
    return _convert(body, charset)


def _convert(body: bytes, charset: str) -> bytes:
    """As UTF-8; halves of surrogate pairs and undefined bytes become bytes that are not valid there."""
    handler = "surrogatepass" if charset.startswith(_WIDE) else "surrogateescape"
    try:
        text = body.decode(charset, handler)
    except UnicodeDecodeError:  # such as an odd number of bytes in UTF-16
        text = body.decode(charset, "replace").replace("\ufffd", "\udcff")
    return text.encode("utf-8", "surrogatepass")


def _recognise_json(body: bytes) -> str | None:
    if 0 not in body[:4]:
        return None
    zeros = tuple(not each for each in body[:4])
    if zeros[:4] == (True, True, True, False):
        return "utf-32-be"
    if zeros[:4] == (False, True, True, True):
        return "utf-32-le"
    if zeros[:2] == (True, False):
        return "utf-16-be"
    return "utf-16-le" if zeros[:2] == (False, True) else None


def _utf8_or(body: bytes, charset: str) -> str:
    """JSON in UTF-16 or UTF-32 has a zero in its first character: without one, the name is wrong."""
    return "utf-8" if b"\0" not in body[:4] and _is_utf8(body) else charset


def _choose_order(body: bytes, charset: str) -> str:
    """Little endian, as clients take it, unless most zeros come first."""
    if charset == "utf-32":
        return "utf-32-be" if body.startswith(b"\0") else "utf-32-le"
    sample = body[:_SAMPLE]
    return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
