"""What is made of a frontend's documents at start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bff.frontends.world import HELLO, app, ask, written

ADA = {"hello": "hello Ada"}


async def test_strangers_cannot_evict_trusted_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are parsed once, at start, whatever else is asked."""
    gateway = app(manifest=str(written(tmp_path, {"p1": HELLO})))
    for number in range(1100):
        await ask(gateway, f"query Q{number} {{ hello }}", variables={})
    monkeypatch.setattr("bff.engine.prepare.plan.parse", None)
    assert (await ask(gateway, document_id="p1", operation_name="Hello")).data == ADA
