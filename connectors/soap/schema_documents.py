"""Reads a WSDL and what it imports, for zeep, in a thread. Used by connectors.soap.schema_loading.

A file may import files of its own folder and of the folder of bff.yaml; a WSDL fetched by HTTP may import from its own
origin. Nothing else is opened, so that a WSDL cannot make the gateway read secrets or reach into the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from connectors.messages.charset_xml import convert_to_utf8
from connectors.soap.schema_mime import move_mime_bodies
from connectors.soap.schema_wellknown import find_document, name_imports


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document that was fetched by HTTP."""

    url: str
    """Where it was, after redirects: what it imports is relative to that."""
    content: bytes


Fetch = Callable[[str], Fetched]
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

    def __init__(
        self, root: str, fetch: Fetch | None, limits: Limits | None = None, *, folder: Path | None = None
    ) -> None:
        """`root` is the WSDL: a path when `fetch` is None, else a URL. `folder` is that of bff.yaml."""
        self._fetch = fetch
        self._limits = limits or Limits()
        self._origin = parse_origin(root)
        self._folders = () if fetch else tuple(each.resolve() for each in (Path(root).resolve().parent, folder) if each)
        self._root: Fetched | None = None
        self.contents: list[bytes] = []
        """What was loaded, for connectors.soap.schema_facts."""
        self._bytes = 0
        self._documents = 0

    def locate_root(self, address: str) -> str:
        """Where the WSDL is: its path, or the URL to which redirects lead. Raises what `fetch` raises."""
        if self._fetch is None:
            return address
        self._root = self._fetch(address)
        return self._root.url

    def load(self, location: str) -> bytes:
        """Load the content of a document. Raises DocumentRefused, OSError, or what `fetch` raises."""
        known = find_document(location)
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
        content = move_mime_bodies(name_imports(content))
        self.contents.append(content)
        return content

    def _fetch_remote(self, location: str) -> bytes:
        assert self._fetch is not None
        if parse_origin(location) != self._origin:
            raise DocumentRefused(
                f"it imports {redact_url(location)}, which is on another host; save the WSDL with its imports as "
                "files, and set the path"
            )
        kept = self._root if self._root is not None and self._root.url == location else None
        return (kept or self._fetch(location)).content

    def _read_local(self, location: str) -> bytes:
        parts = urlsplit(location)
        if parts.scheme in ("http", "https"):
            url = redact_url(location)
            raise DocumentRefused(f"it imports {url}; save that beside the WSDL and import it by its file name")
        path = Path(unquote(parts.path) if parts.scheme == "file" else location).resolve()
        if not any(map(path.is_relative_to, self._folders)):
            raise DocumentRefused(
                f"it imports {path.name} from outside of its folder and of the folder of bff.yaml; copy it into one of "
                "them"
            )
        with path.open("rb") as file:
            return convert_to_utf8(file.read(self._limits.max_bytes + 1), "")


def parse_origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; empty for what is not a URL."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None


def redact_url(url: str) -> str:
    """Format a URL for messages: without user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a broken URL"
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
