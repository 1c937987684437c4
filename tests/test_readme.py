"""What the README shows works: its projects load, its queries answer, its curl lines run against the shop."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bff.config import load
from connectors.kinds import KINDS
from tests.e2e.command import bff, environment, running
from tests.e2e.world import shop_world

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
CURLS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines() if line.startswith("curl")]


def blocks(language: str) -> list[str]:
    """Snippets of a language."""
    return [text for each, text in BLOCKS if each == language]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The README's project: every snippet in the file that its first line names."""
    for text in (*blocks("python"), *blocks("yaml")):
        name = text.splitlines()[0].removeprefix("# ")
        if " " not in name:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return tmp_path


async def test_the_frontend_of_ten_minutes(folder: Path) -> None:
    """Its query runs, batched, against the shop's catalog."""
    (query,) = blocks("graphql")
    async with shop_world() as world:
        world.forget_calls()

        def ask() -> dict:
            with running("serve", cwd=folder, CATALOG_URL=world.shop.addresses["CATALOG_URL"]) as command:
                return command.ask_when_up(query)

        answer = await asyncio.to_thread(ask)
        assert "errors" not in answer
        assert answer["data"]["product"]["name"]
        assert [set(toy) for toy in answer["data"]["toys"]] == [{"id", "label"}] * 3


def test_check_finds_nothing_in_it(folder: Path) -> None:
    """Not even an N+1."""
    done = bff("check", cwd=folder)
    assert done.returncode == 0, done.stderr


def test_every_kind_of_upstream_is_shown(folder: Path) -> None:
    """In bff.yaml, which loads, and as a file of endpoints, which can be imported."""
    text = next(text for text in blocks("yaml") if text.startswith("# bff.yaml: "))
    (folder / "all.yaml").write_text(text)
    settings = load(folder / "all.yaml", {})
    assert {each.kind for each in settings.upstreams.values()} == set(KINDS)
    files = sorted(path.stem for path in (folder / "schemas/backends").glob("shop_*.py"))
    assert files == sorted(f"shop_{kind}" for kind in KINDS)
    code = f"import sys; sys.path.insert(0, 'schemas/backends'); import {', '.join(files)}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", CURLS)
async def test_a_curl_line(line: str) -> None:
    """As it stands, but for the port."""
    words = shlex.split(line)
    url = next(word for word in words if word.startswith("http"))
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    async with shop_world() as world, httpx.AsyncClient() as client:
        response = await client.post(
            url.replace("http://127.0.0.1:8000", world.url), content=words[words.index("-d") + 1], headers=headers
        )
        answer = response.json()
        assert "errors" not in answer
        assert None not in answer["data"].values()


def test_links_lead_somewhere() -> None:
    """In the README and in every guide."""
    for file in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", file.read_text()):
            assert link.startswith("http") or (file.parent / link).exists(), f"{file.name}: {link}"
