"""The payload of connection_init as request headers, because browsers can set no headers on a websocket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,16384}")
_MAX_ENTRIES = 100
_TRANSPORT = re.compile(
    r"host|origin|connection|upgrade|te|trailer|transfer-encoding|keep-alive|forwarded|via|x-forwarded-.*|x-real-ip"
    r"|x-request-id|sec-.*|proxy-.*|content-.*"
)
"""Headers of the connection itself, and those that a proxy in front of the gateway sets."""


def merge_payload(headers: Mapping[str, str], payload: Mapping[str, Any]) -> dict[str, str]:
    """The headers of the handshake and those of the payload, names in lower case; only text values are taken.

    A payload may add headers and replace `authorization`. It never replaces another header of the handshake, nor sets
    one that proxies set, so a client cannot forge what a proxy has checked. Raises ValueError, with a message that may
    be shown, for a value that no header can hold.
    """
    merged = dict(headers)
    if len(payload) > _MAX_ENTRIES:
        raise ValueError(f"more than {_MAX_ENTRIES} entries in the payload")
    for key, value in payload.items():
        name = key.lower()
        if not isinstance(value, str) or not _NAME.fullmatch(name) or _TRANSPORT.fullmatch(name):
            continue
        if not _VALUE.fullmatch(value):
            raise ValueError(f"the value of {name} cannot be a header")
        if name == "authorization" or name not in headers:
            merged[name] = value
    return merged
