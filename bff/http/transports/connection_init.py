"""The payload of connection_init as request headers, because browsers can set no headers on a websocket.

An entry becomes a header only if the frontend of the operation lists it (`frontends.<name>.connection_init`): a client
must not set what upstreams take for the word of a proxy, such as `x-user-id`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from bff.contract import CONNECTION_HEADERS

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,16384}")
_MAX_ENTRIES = 100


def read_payload_headers(payload: Mapping[str, Any]) -> dict[str, str]:
    """The entries of a payload that can be headers, names in lower case; only text values are taken.

    Raises ValueError, with a message that may be shown, for a value that no header can hold.
    """
    if len(payload) > _MAX_ENTRIES:
        raise ValueError(f"more than {_MAX_ENTRIES} entries in the payload")
    found: dict[str, str] = {}
    for key, value in payload.items():
        name = key.lower()
        if not isinstance(value, str) or not _NAME.fullmatch(name) or CONNECTION_HEADERS.fullmatch(name):
            continue
        if not _VALUE.fullmatch(value):
            raise ValueError(f"the value of {name} cannot be a header")
        found[name] = value
    return found


def add_payload_headers(
    headers: Mapping[str, str], payload_headers: Mapping[str, str], allowed: Collection[str]
) -> dict[str, str]:
    """The headers of the handshake, with those of the payload that are `allowed`.

    A payload may replace `authorization`. It never replaces another header of the handshake, which a proxy may have
    checked.
    """
    added = {
        name: value
        for name, value in payload_headers.items()
        if name in allowed and (name == "authorization" or name not in headers)
    }
    return {**headers, **added}
