"""What connection_init may say for headers, and what it may not."""

from __future__ import annotations

import pytest

from bff.http.transports.connection_init import add_payload_headers, read_payload_headers


def test_entries_that_are_text_can_be_headers() -> None:
    """Names in lower case; only text is a header."""
    payload = {"Authorization": "Bearer t", "X-Client": "phone", "retries": 3, "nested": {"a": "b"}, "none": None}
    assert read_payload_headers(payload) == {"authorization": "Bearer t", "x-client": "phone"}


def test_only_listed_entries_become_headers() -> None:
    """An upstream may trust x-user-id, because a proxy sets it: no client does."""
    merged = add_payload_headers({"host": "h"}, {"authorization": "Bearer t", "x-user-id": "1"}, {"authorization"})
    assert merged == {"host": "h", "authorization": "Bearer t"}


def test_it_replaces_authorization_alone() -> None:
    """What the handshake said, perhaps through a proxy that checked it, stays."""
    said = {"authorization": "Basic x", "x-user": "7", "cookie": "a=1"}
    payload = {"authorization": "Bearer t", "x-user": "1", "cookie": "a=2"}
    assert add_payload_headers(said, payload, set(payload)) == {**said, "authorization": "Bearer t"}


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "x-forwarded-user",
        "Forwarded",
        "X-Real-IP",
        "Host",
        "Origin",
        "X-Request-ID",
        "sec-fetch-site",
        "a b",
        "",
        "ä",
    ],
)
def test_it_does_not_speak_for_proxies_or_the_transport(name: str) -> None:
    """Nor set what is no header name."""
    assert read_payload_headers({name: "1"}) == {}


@pytest.mark.parametrize("value", ["a\r\nx-admin: 1", "a\x00", "日本", "x" * 20_000])
def test_a_value_no_header_can_hold_is_refused(value: str) -> None:
    """It would end as another header, or as an error, further on."""
    with pytest.raises(ValueError, match="authorization cannot be a header"):
        read_payload_headers({"authorization": value})


def test_it_is_bounded() -> None:
    """A hundred headers are plenty."""
    with pytest.raises(ValueError, match="more than 100"):
        read_payload_headers({f"x-{number}": "1" for number in range(101)})
