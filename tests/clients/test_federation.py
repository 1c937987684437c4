"""The SDL of a federated frontend, composed by Apollo's own packages."""

from __future__ import annotations

from pathlib import Path

from tests.bff.frontends.test_sdl import federated
from tests.bff.frontends.world import ask
from tests.clients.node import node


async def test_composition(tmp_path: Path) -> None:
    """With another subgraph, without an error and without a hint."""
    answer = await ask(federated(), "{ _service { sdl } }", variables={})
    file = tmp_path / "ours.graphql"
    file.write_text(answer.body()["data"]["_service"]["sdl"])
    assert await node("federation", "compose.mjs", str(file)) == {"errors": [], "hints": []}
