"""Headers as metadata."""

from __future__ import annotations

import pytest

from connectors.grpc.encode_metadata import BadMetadata, decode_metadata, encode_metadata


def test_headers_become_metadata() -> None:
    """Text as it is, `-bin` from base64 with or without padding."""
    headers = {"authorization": "Bearer x", "trace-bin": "AQI=", "other-bin": "AQI", "empty": ""}
    assert encode_metadata(headers) == (
        ("authorization", "Bearer x"),
        ("trace-bin", b"\x01\x02"),
        ("other-bin", b"\x01\x02"),
        ("empty", ""),
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("X-Upper", "s3cret", "lower-case letters"),
        ("with space", "s3cret", "lower-case letters"),
        (":authority", "s3cret", "lower-case letters"),
        ("", "s3cret", "lower-case letters"),
        ("grpc-timeout", "s3cret", "set by gRPC itself"),
        ("content-type", "s3cret", "set by gRPC itself"),
        ("x-a", "s3cret\r\nx-b: 1", "printable ASCII"),
        ("x-a", "s3cret é", "printable ASCII"),
        ("x-bin", "s3cret!", "not base64"),
    ],
)
def test_what_cannot_be_metadata_is_refused_without_its_value(name: str, value: str, says: str) -> None:
    """Neither in the message nor in its cause."""
    with pytest.raises(BadMetadata, match=says) as caught:
        encode_metadata({name: value})
    assert repr(name) in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_metadata_becomes_headers() -> None:
    """A repeated name is one header, bytes are base64."""
    first = (("a", "1"), ("b-bin", b"\xff"))
    assert decode_metadata(first, None, (("a", "2"),)) == {"a": "1, 2", "b-bin": "/w=="}
