"""The formats of replies: what authors write, and what content types say."""

from __future__ import annotations

import pytest

from connectors.errors import DefinitionError
from connectors.rest.endpoints import rest
from connectors.rest.replies import csv, find_format, is_plain_json, parse_reply_format, xml

catalog = rest("catalog")


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/plain", "text"),
        ("Text/Plain; charset=utf-8", "text"),
        ("text/csv; header=present", "csv"),
        ("text/tab-separated-values", "csv"),
        ("application/x-ndjson", "ndjson"),
        ("application/jsonl", "ndjson"),
        ("application/json-seq", "ndjson"),
        ("application/xml", "xml"),
        ("text/xml; charset=utf-8", "xml"),
        ("application/atom+xml", "xml"),
        ("application/json", None),
        ("application/hal+json; profile=x", None),
        ("application/xhtml+xml", None),
        ("text/html", None),
        ("", None),
    ],
)
def test_content_types_name_formats(content_type: str, kind: str | None) -> None:
    """All others are JSON, or no reply."""
    found = find_format(content_type)
    assert (found and found.kind) == kind
    assert is_plain_json(content_type) == (kind is None)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-16", "application/json; charset=x-klingon", "text/plain"]
)
def test_other_charsets_are_not_plain(content_type: str) -> None:
    """Nor are other formats."""
    assert not is_plain_json(content_type)


def test_formats_are_written_by_name_or_with_options() -> None:
    """The options are those of the format."""
    parsed = parse_reply_format("csv")
    assert parsed is not None
    assert (parsed.kind, parsed.delimiter, parsed.accept.split(",")[0]) == ("csv", ",", "text/csv")
    assert parse_reply_format(csv(delimiter=";")) == csv(delimiter=";")
    assert xml(lists=("item",)).lists == {"item"}
    assert parse_reply_format(None) is None


def test_what_is_no_format_is_refused() -> None:
    """With the author's line."""
    with pytest.raises(DefinitionError, match=r"test_replies.*reply='yaml' is not a format; write one of 'json'"):
        catalog.get("/a", reply="yaml")  # type: ignore[arg-type]
    for wrong in ({"delimiter": ""}, {"delimiter": ";;"}, {"delimiter": '"'}, {"empty": "x"}, {"columns": ("a", "a")}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            csv(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lists="):
        xml(lists="item")  # type: ignore[arg-type]
