"""Files as parts of multipart/form-data (RFC 7578)."""

from __future__ import annotations

import io
from email import message_from_bytes
from typing import Any

from connectors.direct import Direct
from connectors.files import File
from connectors.rest.endpoints import rest
from tests.connectors.http_world import HttpWorld

catalog = rest("catalog")


def file_of(content: bytes, name: str = "cat.png", content_type: str = "image/png") -> File:
    return File(io.BytesIO(content), name=name, content_type=content_type, size=len(content))


def parts_of(request: Any) -> list[tuple[Any, Any, Any, bytes]]:
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get("content-type"),
            part.get_payload(decode=True),
        )
        for part in message.get_payload()
    ]


async def test_a_file_is_a_part(upstream: HttpWorld, direct: Direct) -> None:
    """Beside texts; lists repeat their field, null is left out, and no name leaves its place."""
    post = catalog.post("/photos", multipart={"title": "{title}", "all": "{photos}", "none": "{none}"})
    photos = [file_of(b"one\r\n--", 'a"b\r\nx: y.png'), file_of(b"two", "b.txt", "text/plain")]
    async with direct:
        await post(title="Ä cat", photos=photos, none=None)
    (request,) = upstream.requests
    assert parts_of(request) == [
        ("title", None, None, "Ä cat".encode()),
        ("all", "a%22b%0D%0Ax: y.png", "image/png", b"one\r\n--"),
        ("all", "b.txt", "text/plain", b"two"),
    ]
