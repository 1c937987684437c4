"""Manifests at fault, told at start with their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bff.authoring import SchemaError
from tests.bff.frontends.world import CHANGE, HELLO, apollo, app, written


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("{", ["not valid JSON"]),
        ("[]", ["Apollo", "Relay"]),
        ({"format": "other", "operations": []}, ["apollo-persisted-query-manifest"]),
        ({"p1": 1, "p2": HELLO}, ['document "p1"']),
        (apollo(("p1", "Hello", HELLO), ("p1", "Change", CHANGE)), ['operation "Change"', "p1"]),
        (apollo(("p1", "Other", HELLO)), ["Other", "no operation named"]),
        (apollo(("p1", "Bad", "query Bad { helo }")), ["operation Bad", "Cannot query field 'helo'"]),
        ({"p1": "{ helo }", "p2": "{ hello "}, ["operation p1", "Cannot query field 'helo'"]),
        ({"p1": "{ helo }", "p2": "{ hello "}, ["operation p2", "Syntax Error"]),
        ({"p1": "query A { hello } query B { hello }"}, ["operation p1", "several operations"]),
        ({"p1": "{ a: hello b: hello }"}, ["operation p1", "tokens"]),
    ],
)
def test_a_faulty_manifest_is_told_at_start(tmp_path: Path, manifest: Any, words: list[str]) -> None:
    """With the file and the operation."""
    path = written(tmp_path, manifest)
    with pytest.raises(SchemaError) as caught:
        app(manifest=str(path), limits={"max_tokens": 7} if "tokens" in words else {})
    assert any(all(word in problem for word in [str(path), *words]) for problem in caught.value.problems)


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    """Is named."""
    with pytest.raises(SchemaError, match=r"no file .*none\.json"):
        app(manifest=str(tmp_path / "none.json"))
