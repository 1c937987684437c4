"""Write the tables of options into the documentation, from the models that bff.yaml is checked with.

A table stands between `<!-- options: NAME -->` and `<!-- end -->`, where NAME is a kind of upstream, `policies`, or a
section. `python tools/options_reference.py` rewrites them; with --check it only tells whether they are current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bff.config import json_schema  # noqa: E402 - this file runs without being installed
from bff.policies.outbound.options import Options as PolicyOptions  # noqa: E402
from connectors.kinds import KINDS  # noqa: E402

_MARK = re.compile(r"(<!-- options: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SCHEMA = json_schema()


def table(name: str) -> str:
    """One row per key: how it is written, its default, what it is for."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for key, each, is_needed in _properties(name):
        default = "**needed**" if is_needed else _default(each)
        rows.append(f"| `{key}` | {default} | {_text(each)} |")
    return "\n".join(rows) + "\n"


def _properties(name: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    policies = set(PolicyOptions.model_fields)
    if name == "policies":
        definition = _SCHEMA["$defs"]["rest_upstream"]
        chosen = [key for key in definition["properties"] if key in policies]
    elif name in KINDS:
        definition = _SCHEMA["$defs"][f"{name}_upstream"]
        chosen = [key for key in definition["properties"] if key not in policies]
    else:
        definition = _resolved(_section(_SCHEMA["properties"][name]))
        chosen = list(definition["properties"])
    for key in chosen:
        yield from _walk(key, definition["properties"][key], key in definition.get("required", ()))


def _section(schema: dict[str, Any]) -> dict[str, Any]:
    inner = schema.get("additionalProperties")
    return inner if isinstance(inner, dict) else schema


def _walk(key: str, schema: dict[str, Any], is_needed: bool) -> Iterator[tuple[str, dict[str, Any], bool]]:
    yield key, schema, is_needed
    inner = _resolved(schema)
    for name, each in inner.get("properties", {}).items():
        yield from _walk(f"{key}.{name}", each, name in inner.get("required", ()))


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The definition that a property leads to, directly or as one of its choices; itself when there is none."""
    for each in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if "$ref" in each:
            return dict(_SCHEMA["$defs"][each["$ref"].rpartition("/")[2]])
    return schema


def _default(schema: dict[str, Any]) -> str:
    value = schema.get("default")
    if value in (None, "", [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _text(schema: dict[str, Any]) -> str:
    return " ".join(schema.get("description", "").split()).replace("|", "\\|")


def main() -> int:
    """Rewrite, or check; 1 when a checked file is old."""
    old = []
    for file in sorted((ROOT / "docs").glob("*.md")):
        text = file.read_text()
        made = _MARK.sub(lambda match: match[1] + table(match[2]) + match[3], text)
        if made != text:
            old.append(str(file.relative_to(ROOT)))
            if "--check" not in sys.argv:
                file.write_text(made)
    if old:
        sys.stdout.write(f"{'old' if '--check' in sys.argv else 'wrote'}: {', '.join(old)}\n")
    return 1 if old and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
