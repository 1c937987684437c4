"""One exchange: its headers and path as ASGI gives them, its response as ASGI takes it."""

from __future__ import annotations

from typing import Any

import pytest

from bff.http.asgi import Exchange, Message, get_client, get_path, read_headers, wait_for_disconnect
from bff.http.security_headers import DATA
from connectors.aio.cooperative import LARGE


def exchange(**scope: Any) -> tuple[Exchange, list[Message]]:
    """A GET, and the list of what is sent for it."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("there is nothing to receive")

    return Exchange({"method": "GET", "path": "/", **scope}, receive, send, {}, "id-1"), sent


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        ([(b"accept", b"a"), (b"host", b"h")], {"accept": "a", "host": "h"}),
        ([(b"accept", b"a"), (b"accept", b"b")], {"accept": "a, b"}),
        ([(b"folded", b"a\n b"), (b"host", b"h")], {"folded": "a\n b", "host": "h"}),
        ([], {}),
        ([(b"cookie", b"a=1"), (b"x", b"\xe9"), (b"cookie", b"b=2")], {"cookie": "a=1; b=2", "x": "\xe9"}),
    ],
)
def test_headers_are_read_and_repeats_joined(raw: list[tuple[bytes, bytes]], headers: dict[str, str]) -> None:
    """By RFC 9110, section 5.3; cookies by RFC 9113, section 8.2.3."""
    assert read_headers({"headers": raw}) == headers


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({"path": "/graphql"}, "/graphql"),
        ({"path": "/api/graphql", "root_path": "/api"}, "/graphql"),
        ({"path": "/api", "root_path": "/api"}, "/"),
        ({"path": "/graphql", "root_path": "/api"}, "/graphql"),
    ],
)
def test_paths_are_those_below_the_mount(scope: dict[str, str], path: str) -> None:
    """Servers give the whole path, some proxies only the rest of it."""
    assert get_path(scope) == path


def test_a_peer_without_an_address_is_empty() -> None:
    """As behind a Unix socket."""
    assert get_client({"client": ("10.0.0.1", 4711)}) == "10.0.0.1"
    assert get_client({"client": None}) == get_client({}) == ""


async def test_a_response_has_its_length_and_the_request_id() -> None:
    """And the headers that guards added; one that `respond` is given replaces them."""
    one, sent = exchange()
    one.added = {"x-a": "1", "x-b": "1"}
    one.vary = ("origin", "accept")
    await one.respond(200, b"abc", "text/plain", {"x-b": "2", "vary": "accept"})
    start, body = sent
    assert dict(start["headers"]) == {
        **dict(DATA.lines),
        b"content-type": b"text/plain",
        b"x-request-id": b"id-1",
        b"x-a": b"1",
        b"x-b": b"2",
        b"vary": b"accept, origin",
        b"content-length": b"3",
    }
    assert body["body"] == b"abc"


@pytest.mark.parametrize("status", [204, 304])
async def test_a_response_without_a_body_has_no_length_and_no_type(status: int) -> None:
    """RFC 9110, sections 15.3.5 and 15.4.5."""
    one, sent = exchange()
    await one.respond(status, b"ignored", "text/plain")
    assert [name for name, _ in sent[0]["headers"]] == [*dict(DATA.lines), b"x-request-id"]
    assert sent[1]["body"] == b""


async def test_a_large_body_is_sent_in_slices() -> None:
    """So that other tasks run in between."""
    one, sent = exchange()
    body = bytes(range(256)) * (LARGE // 100)
    await one.respond(200, body, "text/plain")
    assert len(sent) > 3
    assert b"".join(each["body"] for each in sent[1:]) == body
    assert [each.get("more_body", False) for each in sent[1:]] == [True] * (len(sent) - 2) + [False]


async def test_waiting_for_a_disconnect_ignores_bodies() -> None:
    """A client may still send before it goes."""
    messages: list[Message] = [{"type": "http.request"}, {"type": "http.request"}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    await wait_for_disconnect(receive)
    assert messages == []
