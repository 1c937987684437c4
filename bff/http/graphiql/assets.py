"""GraphiQL's files, built from npm or shipped with this package, served over HTTP. Used by `page`."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from bff.contract import Problem
from bff.http.asgi import Exchange
from bff.http.graphiql.security import ASSET

_HERE = Path(__file__).parent
ASSETS = _HERE / "assets"
"""Made by bff.http.graphiql.build; missing if node was missing."""
_SHIPPED = (_HERE / "src" / "fallback.js", _HERE / "src" / "bar.css")
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    content_type: str
    etag: str


class Assets:
    """Files by their plain names, read once. No path is built from a request, so none leaves the folder."""

    def __init__(self, built: Path = ASSETS) -> None:
        self._built = built
        self._known: dict[str, _Asset] = {}

    @property
    def are_built(self) -> bool:
        """Whether GraphiQL was built from npm."""
        return (self._built / "main.js").exists()

    async def send(self, exchange: Exchange, name: str) -> None:
        """Send a file, or 304 if the browser has it. Raises Refused for a name that is not an asset."""
        asset = self._known.get(name) or await asyncio.to_thread(self._read_file, name)
        if asset is None:
            raise Problem.NOT_FOUND.refusal("There is no such file; GraphiQL's assets may have to be built again.")
        self._known[name] = asset
        exchange.fixed = ASSET
        headers = {"etag": asset.etag, "cache-control": "no-cache"}
        if asset.etag in exchange.headers.get("if-none-match", ""):
            await exchange.respond(304, b"", asset.content_type, headers)
        else:
            await exchange.respond(200, asset.body, asset.content_type, headers)

    def _read_file(self, name: str) -> _Asset | None:
        files = {path.name: path for path in (*_SHIPPED, *self._built.glob("*")) if path.suffix in _TYPES}
        path = files.get(name)
        if path is None or not path.is_file():
            return None
        body = path.read_bytes()
        return _Asset(body, _TYPES[path.suffix], f'W/"{hashlib.sha256(body).hexdigest()[:32]}"')
