"""What is generated and checked in is what the code generates, and the repository passes its own check."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from bff.app import load_project
from bff.checks import check_project
from bff.config import json_schema

ROOT = Path(__file__).parent.parent
PROJECT = load_project(ROOT / "bff.yaml", {})


@pytest.mark.parametrize("name", PROJECT.frontends)
def test_the_checked_in_sdl_is_the_schema(name: str) -> None:
    """A change of a frontend's schema is seen in review; `bff sdl --write` writes the files."""
    file = ROOT / "schemas" / name / "schema.graphql"
    assert file.read_text() == PROJECT.frontends[name].sdl, f"{file} is old; run `bff sdl --write`"


def test_every_schema_file_belongs_to_a_frontend() -> None:
    """No SDL stays behind when its frontend goes."""
    assert {path.parent.name for path in ROOT.glob("schemas/*/schema.graphql")} == set(PROJECT.frontends)


def test_the_checked_in_json_schema_is_current() -> None:
    """Editors complete what this version understands."""
    made = json.loads((ROOT / "bff.schema.json").read_text())
    assert made == json_schema(), "bff.schema.json is old; run `bff schema-config > bff.schema.json`"


def test_bff_yaml_names_the_json_schema_and_satisfies_it() -> None:
    """The editor knows the file, and underlines nothing in it."""
    text = (ROOT / "bff.yaml").read_text()
    assert "# yaml-language-server: $schema=./bff.schema.json\n" in text
    schema = json.loads((ROOT / "bff.schema.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(yaml.safe_load(text))] == []


def test_the_shop_passes_its_own_check() -> None:
    """What `bff check` looks for: N+1 calls, wrong calls, contradictions with WSDL, protos and SDL."""
    found = asyncio.run(check_project(PROJECT.settings, PROJECT.schemas, ROOT / "bff.yaml"))
    assert [each for each in found if "tests/" not in each.file] == []  # other tests of this process have endpoints
