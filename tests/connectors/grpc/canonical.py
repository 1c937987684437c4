"""Compares replies with protobuf's own JSON. Used by tests and by tools/grpc_corpus.py."""

from __future__ import annotations

import math
from typing import Any


def find_difference(ours: Any, theirs: Any, path: str = "") -> str:
    """Where two differ otherwise than documented: absent is None, 64-bit integers and odd floats are numbers."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() | theirs.keys():
            if name not in ours:
                return f"{path}.{name}: ours lacks {theirs[name]!r}"
            if difference := find_difference(ours[name], theirs.get(name), f"{path}.{name}"):
                return difference
        return ""
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        found = (find_difference(*pair, f"{path}[]") for pair in zip(ours, theirs, strict=True))
        return next((each for each in found if each), "")
    if isinstance(ours, int | float) and isinstance(theirs, str) and not isinstance(ours, bool):
        is_same = str(ours) == theirs or _write_float(float(ours)) == theirs
    else:
        is_same = ours == theirs and (type(ours) is type(theirs) or {type(ours), type(theirs)} <= {int, float})
    return "" if is_same else f"{path}: ours {ours!r}, theirs {theirs!r}"


def _write_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return ("-" if value < 0 else "") + "Infinity" if math.isinf(value) else str(value)
