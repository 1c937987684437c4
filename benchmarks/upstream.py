"""The posts and users that the gateway fetches, and the echo it is compared to. Run by uvicorn in its own process."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs

import orjson

POSTS = orjson.dumps([{"id": n, "userId": n % 10 + 1, "title": f"title {n}", "body": "text " * 20} for n in range(100)])
USERS = {n: {"id": n, "name": f"User {n}", "email": f"user{n}@example.com", "phone": "1"} for n in range(1, 11)}
ECHO = os.environ.get("ECHO", "").encode()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/posts":
        body = POSTS
    elif scope["path"] == "/users":
        ids = parse_qs(scope["query_string"].decode())["id"]
        body = orjson.dumps([USERS[int(each)] for each in ids])
    else:
        await receive()
        body = ECHO
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
