"""What the README shows works: its projects load, its queries answer, its curl lines run against the shop."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import httpx
import pytest

from bff.config import load
from connectors.kinds import KINDS
from tests.e2e.command import bff, environment
from tests.e2e.world import shop_world
from tests.tutorial import PORTS, is_in_use
from tests.tutorial import blocks as tutorial_blocks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
CURLS = [line for _, text in BLOCKS for line in text.splitlines() if line.startswith("curl") and ":8000/" in line]


def blocks(language: str) -> list[str]:
    """Snippets of a language."""
    return [text for each, text in BLOCKS if each == language]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The README's project: every snippet in the file that its first line names."""
    for text in (*blocks("python"), *blocks("yaml")):
        name = text.splitlines()[0].removeprefix("# ")
        if " " not in name:  # not the one with upstreams of every kind
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return tmp_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this repository after `make demo` has installed everything, with the packages of this environment."""
    folder = tmp_path / "gateway"
    left_out = shutil.ignore_patterns(".*", "tests", "docs", "benchmarks", "node_modules", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=left_out)
    venv.create(folder / ".venv", with_pip=False)
    packages = next((folder / ".venv").glob("lib/python*/site-packages"))
    (packages / "installed.pth").write_text(f"{folder}\n{sysconfig.get_path('purelib')}\n")
    command = folder / ".venv/bin/bff"
    command.write_text(f"#!{folder}/.venv/bin/python\nfrom bff.cli import main\nmain()\n")
    command.chmod(0o755)
    (folder / "bff/http/graphiql/assets").mkdir(exist_ok=True)
    for file in ("bff/http/graphiql/assets/main.js", ".venv/.installed"):
        (folder / file).touch()
    return folder


def test_the_tutorial_typed_by_hand(checkout: Path) -> None:
    """Its lines, in three terminals and an empty folder, lead to the answer that it shows."""
    unshare = ["unshare", "--map-root-user", "--net"]
    has_own_network = subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0
    if not has_own_network and (busy := [port for port in PORTS if is_in_use(port)]):
        pytest.skip(f"the tutorial's ports {busy} are in use, and a network of its own is not possible here")
    command = [sys.executable, "-m", "tests.tutorial", str(checkout)]
    done = subprocess.run(
        [*unshare, *command, "--own-network"] if has_own_network else command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (shown,) = tutorial_blocks(README, "json")
    assert json.loads(done.stdout) == json.loads(shown)


def test_check_finds_nothing_in_it(folder: Path) -> None:
    """Not even an N+1."""
    done = bff("check", cwd=folder)
    assert done.returncode == 0, done.stderr


SCHEMA_WITH_A_MISTAKE = """import strawberry

from bff.authoring import frontend, via
from connectors import rest

maker_of = rest("shop").get("/makers/{id}", many="/makers?id={id}", key="id")


@strawberry.type
class Maker:
    name: str


@strawberry.type
class Toy:
    maker_id: strawberry.Private[int]
    maker: Maker | None = via(maker_of, id="maker_di")


@strawberry.type
class Query:
    toy: Toy | None = None


schema = frontend(query=Query)
"""


def test_mistakes_look_as_shown(tmp_path: Path) -> None:
    """Its lines are those of `bff check`."""
    config, module = tmp_path / "bff.yaml", tmp_path / "schemas/hello/__init__.py"
    module.parent.mkdir(parents=True)
    module.write_text(SCHEMA_WITH_A_MISTAKE)
    printed = ""
    for options in ("retyr: 2, timeout: 5", "retry: 2"):
        config.write_text(
            f'upstreams:\n  shop: {{rest: "http://shop:9001", {options}}}\nfrontends: {{hello: {{schema: schemas.hello}}}}\n'
        )
        printed += bff("check", cwd=tmp_path).stderr
    shown = README.partition("\n## When something goes wrong\n")[2].split("```\n")[1].splitlines()
    assert len(shown) == 3
    assert [line for line in shown if line not in printed.splitlines()] == [], printed


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


PAGES = (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))


def _anchors(file: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    """To a file that exists, and to a heading in it."""
    for link in re.findall(r"\]\(([^)]+)\)", file.read_text()):
        path, _, anchor = link.partition("#")
        if link.startswith(("http:", "https:")):
            continue
        target = file.parent / path if path else file
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_every_page_is_in_the_index() -> None:
    """A page that the README does not name is not found."""
    index = README.partition("\n## Guides\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", index))
    assert named == {file.name for file in (ROOT / "docs").glob("*.md")}
