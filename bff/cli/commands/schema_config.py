"""`bff schema-config`: print the JSON Schema of bff.yaml."""

from __future__ import annotations

import json
import sys

from bff.config import json_schema


def schema_config() -> int:
    """Print the JSON Schema of bff.yaml, for editors."""
    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
    return 0
