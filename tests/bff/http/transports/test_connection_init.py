"""What connection_init may say for headers, and what it may not."""

from __future__ import annotations

import pytest

from bff.http.transports.connection_init import merge_payload


def test_a_browser_says_who_is_signed_in() -> None:
    """Names in lower case; only text is a header."""
    payload = {"Authorization": "Bearer t", "X-Client": "phone", "retries": 3, "nested": {"a": "b"}, "none": None}
    assert merge_payload({"host": "h"}, payload) == {"host": "h", "authorization": "Bearer t", "x-client": "phone"}


def test_it_replaces_authorization_alone() -> None:
    """What the handshake said, perhaps through a proxy that checked it, stays."""
    said = {"authorization": "Basic x", "x-user": "7", "cookie": "a=1"}
    merged = merge_payload(said, {"authorization": "Bearer t", "X-User": "1", "Cookie": "a=2"})
    assert merged == {**said, "authorization": "Bearer t"}


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
    assert merge_payload({}, {name: "1"}) == {}


@pytest.mark.parametrize("value", ["a\r\nx-admin: 1", "a\x00", "日本", "x" * 20_000])
def test_a_value_no_header_can_hold_is_refused(value: str) -> None:
    """It would end as another header, or as an error, further on."""
    with pytest.raises(ValueError, match="authorization cannot be a header"):
        merge_payload({}, {"authorization": value})


def test_it_is_bounded() -> None:
    """A hundred headers are plenty."""
    with pytest.raises(ValueError, match="more than 100"):
        merge_payload({}, {f"x-{number}": "1" for number in range(101)})
