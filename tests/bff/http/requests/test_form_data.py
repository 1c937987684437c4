"""multipart/form-data in pieces, however the network cuts them."""

from __future__ import annotations

import pytest

from bff.http.requests.form_data import BadMultipart, End, Event, Parser, Part, Whole

BODY = (
    b"--b\r\ncontent-disposition: form-data; name=operations\r\n\r\n{}\r\n"
    b'--b\r\nContent-Disposition: form-data; name="0"; filename="\xc3\xa9.png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x00\r\n-\xff\r\n--b--\r\n"
)


def parse(body: bytes, size: int, content_type: str = "multipart/form-data; boundary=b") -> list[Event]:
    """The events of a body that comes in pieces of `size` bytes."""
    parser = Parser(content_type)
    return [each for start in range(0, len(body), size) for each in parser.feed(body[start : start + size])]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_parts_and_their_data(size: int) -> None:
    """Names, file names in UTF-8 (RFC 7578, section 5.1), types, bytes."""
    events = parse(BODY, size)
    assert [each for each in events if isinstance(each, Part)] == [
        Part(name="operations", filename=None, content_type=""),
        Part(name="0", filename="é.png", content_type="image/png"),
    ]
    ends = [index for index, each in enumerate(events) if isinstance(each, End)]
    datas = [
        b"".join(each for each in events[a:b] if isinstance(each, bytes))
        for a, b in zip([0, *ends], ends, strict=False)
    ]
    assert datas == [b"{}", b"\x00\r\n-\xff"]
    assert isinstance(events[-1], Whole)


def test_a_body_that_is_cut_off_is_not_whole() -> None:
    """Only the last boundary says that everything came."""
    assert not any(isinstance(each, Whole) for each in parse(BODY[:-8], 50))


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'b' * 71}"],
)
def test_a_boundary_is_needed(content_type: str) -> None:
    """Of 1 to 70 characters (RFC 2046, section 5.1.1)."""
    with pytest.raises(BadMultipart, match="boundary"):
        Parser(content_type)


@pytest.mark.parametrize("body", [b"nonsense", b"--b\r\n" + b"x: y\r\n" * 50 + b"\r\n", b"--b\r\nx: " + b"y" * 5000])
def test_what_is_not_well_formed(body: bytes) -> None:
    """Heads are bounded in number and size."""
    with pytest.raises(BadMultipart, match="not well-formed"):
        parse(body, 100)
