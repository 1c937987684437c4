"""`bff sdl`: the printed schema."""

from __future__ import annotations

from tests.e2e.command import ROOT, bff


def test_sdl() -> None:
    """One frontend's schema on standard output, and nothing else."""
    done = bff("sdl", "mobile")
    assert done.returncode == 0
    assert done.stdout == (ROOT / "schemas/mobile/schema.graphql").read_text()
    unknown = bff("sdl", "mobil")
    assert unknown.returncode == 1
    assert "mobile, web, partner" in unknown.stderr
