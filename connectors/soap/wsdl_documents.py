"""Reads a WSDL and what it imports, for zeep, in a thread. Used by connectors.soap.loading.

A file may import files of its own folder; a WSDL fetched by HTTP may import from its own origin. Nothing else is
opened, so that a WSDL cannot make the gateway read secrets or reach into the network.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from connectors.soap.wsdl_schemas import DOCUMENTS

MOST_BYTES = 16_000_000
"""Largest document accepted, and all of them together."""
MOST_DOCUMENTS = 200

Fetch = Callable[[str], bytes]
"""Get a URL by HTTP. Called in a thread; may block."""


class Refused(Exception):
    """A document that is not read. The text teaches."""


class Documents:
    """What zeep calls its transport. One instance loads one WSDL."""

    def __init__(self, root: str, fetch: Fetch | None) -> None:
        """`root` is the WSDL: a path when `fetch` is None, else a URL."""
        self._fetch = fetch
        self._origin = _origin(root)
        self._folder = None if fetch else Path(root).resolve().parent
        self._bytes = 0
        self._documents = 0

    def load(self, location: str) -> bytes:
        """The content of a document. Raises Refused, OSError, or what `fetch` raises."""
        known = DOCUMENTS.get(location)
        if known is not None:
            return known
        self._documents += 1
        if self._documents > MOST_DOCUMENTS:
            raise Refused(f"it imports more than {MOST_DOCUMENTS} documents")
        content = self._remote(location) if self._fetch else self._local(location)
        self._bytes += len(content)
        if self._bytes > MOST_BYTES:
            raise Refused(f"it and its imports are larger than {MOST_BYTES} bytes")
        return content

    def _remote(self, location: str) -> bytes:
        assert self._fetch is not None
        if _origin(location) != self._origin:
            raise Refused(
                f"it imports {_shown(location)}, which is not on its own host; save the WSDL with its imports as "
                "files, and give the path"
            )
        return self._fetch(location)

    def _local(self, location: str) -> bytes:
        assert self._folder is not None
        parts = urlsplit(location)
        if parts.scheme in ("http", "https"):
            raise Refused(f"it imports {_shown(location)}; save that beside the WSDL and import it by its file name")
        path = Path(unquote(parts.path) if parts.scheme == "file" else location).resolve()
        if not path.is_relative_to(self._folder):
            raise Refused(f"it imports {path.name} from outside of its folder; copy that into the folder of the WSDL")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None


def _shown(url: str) -> str:
    """A URL for messages: without user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a broken URL"
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
