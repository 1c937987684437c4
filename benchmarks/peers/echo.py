"""Floor: uvicorn that sends the bytes of an answer and does nothing else. Ask `/echo/<question>`."""

from __future__ import annotations

from typing import Any

from benchmarks.world import QUESTIONS

BODIES = {f"/echo/{name}": question.answer for name, question in QUESTIONS.items()}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] != "http":
        return
    await receive()
    body = BODIES[scope["path"]]
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
