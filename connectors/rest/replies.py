"""The formats of replies: `reply="text"`, `reply="ndjson"`, `reply=csv(delimiter=";")`, `reply=xml(lists=("item",))`.

Without `reply=`, the content type of each reply says which it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from connectors.messages.charset import UnknownCharset, find_charset

Kind = Literal["json", "text", "xml", "csv", "ndjson"]


@dataclass(frozen=True, slots=True)
class ReplyFormat:
    """How the replies of an endpoint are read."""

    kind: Kind
    accept: str
    """The header Accept of its requests."""
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    """Names of the columns of CSV; none where the first row has them."""
    empty_is_null: bool = True
    lists: frozenset[str] = frozenset()
    """Names of elements that are lists, also where there is one."""


ReplyOption = Literal["json", "text", "xml", "csv", "ndjson"] | ReplyFormat
_ANY = ", */*;q=0.1"
_FORMATS: dict[str, ReplyFormat] = {
    "json": ReplyFormat("json", "application/json"),
    "text": ReplyFormat("text", "text/plain" + _ANY),
    "xml": ReplyFormat("xml", "application/xml, text/xml;q=0.9" + _ANY),
    "csv": ReplyFormat("csv", "text/csv" + _ANY),
    "ndjson": ReplyFormat("ndjson", "application/x-ndjson, application/jsonl;q=0.9, application/json-seq;q=0.9" + _ANY),
}
_LINES = frozenset(
    f"application/{each}"
    for each in ("x-ndjson", "ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines", "json-seq", "stream+json")
)
_TABS = ReplyFormat("csv", "text/tab-separated-values" + _ANY, delimiter="\t")


def csv(*, delimiter: str = ",", columns: Sequence[str] = (), empty: Literal["null", "text"] = "null") -> ReplyFormat:
    """Rows as records of texts. `columns` names the columns where the first row does not; `empty` says what nothing is.

    Raises ValueError for options that cannot work.
    """
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ValueError(f"delimiter={delimiter!r} is not a delimiter; write one character, such as ';'")
    if empty not in ("null", "text"):
        raise ValueError(f'empty={empty!r} is not an option; write "null" or "text"')
    if isinstance(columns, str) or len(set(columns)) < len(columns):
        raise ValueError(f'columns={columns!r} are not columns; write each name once, like ("id", "name")')
    return ReplyFormat("csv", _FORMATS["csv"].accept, delimiter, tuple(columns), empty == "null")


def xml(*, lists: Sequence[str] = ()) -> ReplyFormat:
    """Elements as plain data. Elements with a name in `lists` are a list also where there is one of them.

    Raises ValueError for options that cannot work.
    """
    if isinstance(lists, str):
        raise ValueError(f"lists={lists!r} are not names; write a tuple, like ({lists!r},)")  # noqa: TRY004
    return ReplyFormat("xml", _FORMATS["xml"].accept, lists=frozenset(lists))


def parse_reply_format(option: ReplyOption | None) -> ReplyFormat | None:
    """The format that an author wrote. Raises ValueError for one that there is not."""
    if option is None or isinstance(option, ReplyFormat):
        return option
    if not isinstance(option, str) or option not in _FORMATS:
        raise ValueError(f"reply={option!r} is not a format; write one of {', '.join(map(repr, _FORMATS))}")
    return _FORMATS[option]


@lru_cache(maxsize=500)
def find_format(content_type: str) -> ReplyFormat | None:
    """The format that a content type names; None for JSON, and for all others, which are JSON or nothing."""
    media = content_type.partition(";")[0].strip().lower()
    if media == "text/plain":
        return _FORMATS["text"]
    if media in ("text/csv", "application/csv"):
        return _FORMATS["csv"]
    if media == "text/tab-separated-values":
        return _TABS
    if media in _LINES:
        return _FORMATS["ndjson"]
    if media in ("text/xml", "application/xml") or (media.endswith("+xml") and media != "application/xhtml+xml"):
        return _FORMATS["xml"]
    return None


@lru_cache(maxsize=500)
def is_plain_json(content_type: str) -> bool:
    """Whether a content type names neither another format nor another charset."""
    try:
        return find_format(content_type) is None and find_charset(content_type) is None
    except UnknownCharset:
        return False
