"""Headers of a call as gRPC metadata and back. Used by the connector.

Source: gRPC over HTTP/2, "Custom-Metadata": names are lower-case letters, digits, `_-.`; `-bin` values are bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping

_NAME = re.compile(r"[0-9a-z_.-]+")
_TEXT = re.compile(r"[\x20-\x7e]*")
_RESERVED = frozenset({"connection", "content-length", "content-type", "host", "te", "transfer-encoding", "user-agent"})


Metadata = tuple[tuple[str, str | bytes], ...]
"""As grpcio takes it."""


class BadMetadata(ValueError):
    """A header cannot be sent as metadata. The message names the header and never its value."""


def encode_metadata(headers: Mapping[str, str]) -> Metadata:
    """Encode headers as metadata; the value of a `-bin` name is base64 text. Raises BadMetadata."""
    return tuple((name, _encode_value(name, value)) for name, value in headers.items())


def decode_metadata(*parts: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """Decode metadata as headers; values of a repeated name are joined with `, `, `-bin` values become base64 text."""
    headers: dict[str, str] = {}
    for part in parts:
        for name, value in part or ():
            text = value if isinstance(value, str) else base64.b64encode(value).decode()
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def _encode_value(name: str, value: str) -> str | bytes:
    if not _NAME.fullmatch(name):
        raise BadMetadata(f"the header {name!r} cannot be metadata: names are lower-case letters, digits, - _ and .")
    if name.startswith("grpc-") or name in _RESERVED:
        raise BadMetadata(f"the header {name!r} is set by gRPC itself and cannot be given")
    if name.endswith("-bin"):
        return _decode_base64(name, value)
    if not _TEXT.fullmatch(value):
        raise BadMetadata(f"the value of the header {name!r} has characters other than printable ASCII")
    return value


def _decode_base64(name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadMetadata(f"the value of the header {name!r} is not base64, as names ending in -bin need") from None
