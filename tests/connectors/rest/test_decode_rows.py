"""CSV and JSON in lines as records; a row that cannot be read costs that record alone."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply
from connectors.rest.decode_rows import read_csv, read_lines
from connectors.rest.replies import ReplyFormat, csv

create_error = partial(UpstreamBadReply, Operation(upstream="shop", name="GET /"))
plain = csv()


def shown(records: list[Any]) -> list[Any]:
    return [each.detail.split(":")[0] if isinstance(each, UpstreamBadReply) else each for each in records]


@pytest.mark.parametrize(
    ("body", "chosen", "expected"),
    [
        (b"id,name\r\n1,Ann\r\n2,Bob\r\n", plain, [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]),
        (b'id,name\n1,"a ""b"", c\nd"', plain, [{"id": "1", "name": 'a "b", c\nd'}]),
        (b"id;name\n1;a,b\n", csv(delimiter=";"), [{"id": "1", "name": "a,b"}]),
        (b"sep=;\nid;name\n1;x\n", plain, [{"id": "1", "name": "x"}]),
        (
            b"id,ok\n1,true\n2,false\n3,\n",
            plain,
            [{"id": str(n), "ok": v} for n, v in ((1, True), (2, False), (3, None))],
        ),
        (b"id,note\n1,\n", csv(empty="text"), [{"id": "1", "note": ""}]),
        (b"1,Ann\n", csv(columns=("id", "name")), [{"id": "1", "name": "Ann"}]),
        (b" id , name ,\n1,Ann,\n\n2,Bob\n", plain, [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]),
        ("id,ort\n1,Köln\n".encode(), plain, [{"id": "1", "ort": "Köln"}]),
        (b"id,name\n", plain, []),
        (b"", plain, []),
        (b"id,name\n1\n2,Bob\n3,C,D\n", plain, ["line 2", {"id": "2", "name": "Bob"}, "line 4"]),
        (b'id,name\n1,"a"x\n2,Bob\n', plain, ["line 2", {"id": "2", "name": "Bob"}]),
        (b'id,name\n1,Ann\n2,"open\n3,C\n', plain, [{"id": "1", "name": "Ann"}, "line 4"]),
    ],
)
def test_csv(body: bytes, chosen: ReplyFormat, expected: list[Any]) -> None:
    """Header, quotes, delimiters, nothing, rows of another length."""
    assert shown(read_csv(body, chosen, create_error)) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"a,a\n1,2\n", "two columns"),
        (b"a,b\n1\n2\n", "line 2"),
        (b"a,b\n" + b"1\n" * 300, "line 2"),
        (b"a\nx\xff\n", "line 2: it is not valid UTF-8"),
    ],
)
def test_csv_that_is_lost_as_a_whole(body: bytes, reason: str) -> None:
    """Where no row, or too many, cannot be read."""
    with pytest.raises(UpstreamBadReply, match=reason):
        read_csv(body, plain, create_error)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\r\n\r\n  {"a": 2}', [{"a": 1}, {"a": 2}]),
        (b'\x1e{"a": 1}\n\x1e{"a":\n 2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\n{"a": tru}\n{"a": 3}\n', [{"a": 1}, "line 2", {"a": 3}]),
        (b'1\n{"a": 1}, {"a": 2}\n"x"', [1, "line 2", "x"]),
        (b'{"a": 1}\n"\xff"\n' + b"[" * 20 + b"]" * 20, [{"a": 1}, "line 2", "line 3"]),
        (b'{"a": 12345678901234567890123}\n{"a": 1', [{"a": 12345678901234567890123}, "line 2"]),
        (b"", []),
    ],
)
def test_lines_of_json(body: bytes, expected: list[Any]) -> None:
    """Or sequences of it; bad ones alone are lost."""
    assert shown(read_lines(body, 10, create_error)) == expected


def test_one_value_of_a_line_is_lost_alone() -> None:
    """As in other JSON."""
    (record,) = read_lines(b'{"a": "\\ud800", "b": 1}', 10, create_error)
    assert (record["a"].detail, record["b"]) == ("line 1: the text has half a surrogate pair", 1)


@pytest.mark.parametrize("body", [b"<html>\n</html>", b'{"a": 1}\n' + b"x\n" * 200, b'{\n"a": 1\n}'])
def test_lines_that_are_lost_as_a_whole(body: bytes) -> None:
    """What is no JSON in lines at all."""
    with pytest.raises(UpstreamBadReply, match="line"):
        read_lines(body, 10, create_error)
