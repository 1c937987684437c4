"""multipart/form-data (RFC 7578), encoded while it is sent. Used by `body` for files."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from connectors.files import File
from connectors.rest.encode.values import format_value
from connectors.transport import Streamed

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""As browsers do (HTML, `Multipart form data`)."""

_Part = tuple[bytes, bytes | File]
"""Its head and its content."""


def encode_multipart(fields: Mapping[str, Any]) -> tuple[str, Streamed]:
    """Content type and body; a list repeats its field, None is omitted. Raises ValueError as `format_value` does."""
    boundary = secrets.token_hex(16)
    parts = [part for name, value in fields.items() for part in _encode_parts(boundary, name, value)]
    end = f"--{boundary}--\r\n".encode()
    length = sum(len(head) + _count_bytes(content) + 2 for head, content in parts) + len(end)

    async def chunks() -> AsyncGenerator[bytes, None]:
        for head, content in parts:
            yield head
            if isinstance(content, File):
                async with aclosing(content.chunks()) as pieces:
                    async for piece in pieces:
                        yield piece
            else:
                yield content
            yield b"\r\n"
        yield end

    return f"multipart/form-data; boundary={boundary}", Streamed(length, chunks)


def _encode_parts(boundary: str, name: str, value: Any) -> Iterator[_Part]:
    for each in value if isinstance(value, list | tuple) else [value]:
        if each is None:
            continue
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{name.translate(_ESCAPES)}"'
        if isinstance(each, File):
            head += f'; filename="{each.name.translate(_ESCAPES)}"\r\ncontent-type: {each.content_type}'
        yield f"{head}\r\n\r\n".encode(), each if isinstance(each, File) else format_value(each).encode()


def _count_bytes(content: bytes | File) -> int:
    return content.size if isinstance(content, File) else len(content)
