"""Reads a WSDL and what it imports, for zeep, in a thread. Used by connectors.soap.schema_loading.

A file may import files of its own folder; a WSDL fetched by HTTP may import from its own origin. Nothing else is
opened, so that a WSDL cannot make the gateway read secrets or reach into the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from connectors.soap.schema_wellknown import DOCUMENTS

Fetch = Callable[[str], bytes]
"""Get a URL by HTTP. Called in a thread; may block."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one WSDL with everything it imports."""

    max_bytes: int = 16_000_000
    """Of one document, and of all of them together."""
    max_documents: int = 200


class DocumentRefused(Exception):
    """A document that is not read. The text names the reason and the next step."""


class Documents:
    """Loads the documents of one WSDL. It is what zeep calls its transport."""

    def __init__(self, root: str, fetch: Fetch | None, limits: Limits | None = None) -> None:
        """`root` is the WSDL: a path when `fetch` is None, else a URL."""
        self._fetch = fetch
        self._limits = limits or Limits()
        self._origin = _parse_origin(root)
        self._folder = None if fetch else Path(root).resolve().parent
        self._bytes = 0
        self._documents = 0

    def load(self, location: str) -> bytes:
        """Load the content of a document. Raises DocumentRefused, OSError, or what `fetch` raises."""
        known = DOCUMENTS.get(location)
        if known is not None:
            return known
        limits = self._limits
        self._documents += 1
        if self._documents > limits.max_documents:
            raise DocumentRefused(f"it imports more than {limits.max_documents} documents")
        content = self._fetch_remote(location) if self._fetch else self._read_local(location)
        self._bytes += len(content)
        if self._bytes > limits.max_bytes:
            raise DocumentRefused(f"it and its imports are larger than {limits.max_bytes} bytes")
        return content

    def _fetch_remote(self, location: str) -> bytes:
        assert self._fetch is not None
        if _parse_origin(location) != self._origin:
            raise DocumentRefused(
                f"it imports {_redact_url(location)}, which is on another host; save the WSDL with its imports as "
                "files, and set the path"
            )
        return self._fetch(location)

    def _read_local(self, location: str) -> bytes:
        assert self._folder is not None
        parts = urlsplit(location)
        if parts.scheme in ("http", "https"):
            url = _redact_url(location)
            raise DocumentRefused(f"it imports {url}; save that beside the WSDL and import it by its file name")
        path = Path(unquote(parts.path) if parts.scheme == "file" else location).resolve()
        if not path.is_relative_to(self._folder):
            raise DocumentRefused(f"it imports {path.name} from outside of its folder; copy it into the WSDL's folder")
        with path.open("rb") as file:
            return file.read(self._limits.max_bytes + 1)


def _parse_origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None


def _redact_url(url: str) -> str:
    """Format a URL for messages: without user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a broken URL"
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
