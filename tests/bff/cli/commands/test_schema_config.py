"""`bff schema-config`: the JSON Schema for editors."""

import json

from bff.config import json_schema
from tests.e2e.command import ROOT, bff


def test_the_schema_is_printed_and_checked_in() -> None:
    """`bff.schema.json` is the output of this command."""
    done = bff("schema-config")
    assert done.returncode == 0
    assert json.loads(done.stdout) == json_schema()
    assert done.stdout == (ROOT / "bff.schema.json").read_text()
