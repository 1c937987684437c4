"""The guides say what the code says: every snippet runs, tables of options and error codes are current."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from bff.config import load
from connectors.errors import UpstreamError
from tests.e2e.command import environment
from tests.e2e.world import shop_world

ROOT = Path(__file__).parent.parent
GUIDES = sorted((ROOT / "docs").glob("**/*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_CODES = {"BFF_CONFIG", "BFF_HOST", "NO_COLOR", "PROMETHEUS_MULTIPROC_DIR"}
_CODE = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+|INTERNAL|FORBIDDEN|TIMEOUT|UNAUTHENTICATED")


def _codes(kind: type[UpstreamError]) -> Iterator[str]:
    yield kind.code
    for each in kind.__subclasses__():
        if each.__module__ == "connectors.errors":
            yield from _codes(each)


def _exports(tree: ast.Module) -> Iterator[ast.AST]:
    """What stands in `__all__`: names of constants, no codes."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from ast.walk(node.value)


def _in_source() -> set[str]:
    """Words of the gateway that look like codes, members of its enums of codes, and the codes of upstream errors."""
    found = set(_codes(UpstreamError))
    for file in (ROOT / "bff").rglob("*.py"):
        tree = ast.parse(file.read_text())
        exported = {id(node) for node in _exports(tree)}
        for node in ast.walk(tree):
            if id(node) in exported:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
                found.add(node.value)
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
                names = (each.targets[0] for each in node.body if isinstance(each, ast.Assign))
                found.update(name.id for name in names if isinstance(name, ast.Name) and _CODE.fullmatch(name.id))
    return found - NOT_CODES


def test_every_error_code_is_explained() -> None:
    """Each has its row, and no row is about a code that is gone."""
    told = re.findall(r"^\| `([A-Z0-9_]+)`", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) == _in_source()


def test_troubleshooting_names_codes_that_exist() -> None:
    """In its tables of codes."""
    rows = re.findall(r"^\| (`[A-Z].*?) \|", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    named = {code for row in rows for code in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)}
    assert len(named) > 20
    assert named <= _in_source()


def test_the_tables_of_options_are_current() -> None:
    """They are written from the models that check bff.yaml."""
    done = subprocess.run(
        [sys.executable, "tools/options_reference.py", "--check"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"run `python tools/options_reference.py`; {done.stdout}{done.stderr}"


def snippets(language: str) -> list[object]:
    """Every snippet of a language in docs/, with the file and its number as the test's id."""
    return [
        pytest.param(text, id=f"{file.relative_to(ROOT / 'docs')}:{number}")
        for file in GUIDES
        for number, (found, text) in enumerate(_BLOCK.findall(file.read_text()))
        if found == language
    ]


def test_every_snippet_has_a_known_language() -> None:
    """A snippet that no test runs would drift."""
    found = {language for file in GUIDES for language, _ in _BLOCK.findall(file.read_text())}
    assert found <= {"yaml", "python", "sh", "json", "text"}  # text: what is printed


PAGES = (*GUIDES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")
_VAGUE = re.compile(
    r"\b(tells?|told|telling|asks?|asked|asking|nobody|whatever|whoever)\b"
    r"|(^|[.:;|] +)who\b|two floors|word for it|to mend|all is well|knows no gateway|one's word",
    re.IGNORECASE,
)
"""Words that readers stumbled over: name the subject and the action (a client requests, a message reports)."""


def _messages(file: Path) -> Iterator[str]:
    """The texts of a module that are no docstrings."""
    tree = ast.parse(file.read_text())
    documents = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(body := getattr(node, "body", None), list)
        for statement in body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_pages_are_in_plain_words(file: Path) -> None:
    """Code aside."""
    text = re.sub(r"^```.*?^```$|`[^`]*`", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert [line for line in text.splitlines() if _VAGUE.search(line)] == []


def test_the_changelog_says_nothing_twice() -> None:
    """Merging branches repeats lines and headings easily."""
    newest = (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1]
    headings = re.findall(r"^### (\w+)$", newest, re.MULTILINE)
    assert headings == ["Added", "Changed", "Fixed"]
    begun = [line[:60] for line in newest.splitlines() if line.startswith("- ")]
    assert sorted(each for each in set(begun) if begun.count(each) > 1) == []


def test_descriptions_of_options_are_in_plain_words() -> None:
    """In bff.schema.json, which editors show."""
    found = re.findall(r'"description": "(.*)"', (ROOT / "bff.schema.json").read_text())
    assert len(found) > 100
    assert [text for text in found if _VAGUE.search(text)] == []


@pytest.mark.parametrize("package", ["bff", "connectors"])
def test_messages_are_in_plain_words(package: str) -> None:
    """Errors, log lines, help of commands."""
    files = (ROOT / package).rglob("*.py")
    assert [text for file in files for text in _messages(file) if _VAGUE.search(text)] == []


def test_files_that_contributing_names_exist() -> None:
    """Recipes, maps and fast paths lead to real files and folders."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:bff|connectors|schemas|demo|tests|tools|docs)/[\w./-]*)`", text)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_each_threat_has_a_test() -> None:
    """Each row of the tables in docs/security.md names one that exists, and fills each column."""
    text = (ROOT / "docs/security.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| threat |")]
    assert len(lines) > 20
    for row in lines:
        threat, default, _, shown = (cell.strip() for cell in row.strip("|").split("|"))
        assert threat, row
        assert default, row
        tests = re.findall(r"`(tests/[\w/]+\.py)`", shown)
        assert tests, row
        assert [name for name in tests if not (ROOT / name).exists()] == [], row


@pytest.mark.parametrize("text", snippets("yaml"))
def test_a_yaml_snippet_is_a_configuration(text: str, tmp_path: Path) -> None:
    """It loads as bff.yaml; one with upstreams alone gets a frontend."""
    if "frontends" not in yaml.safe_load(text):
        text += "frontends: {web: {schema: schemas.web}}\n"
    (tmp_path / "bff.yaml").write_text(text)
    load(tmp_path / "bff.yaml", {"REDIS_URL": "redis://127.0.0.1:6379/0", "ACME_KEY": "k" * 20})


@pytest.mark.parametrize("text", snippets("python"))
def test_a_python_snippet_runs(text: str) -> None:
    """In a process of its own, so that its names and its upstreams are its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", text], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", snippets("json"))
def test_a_json_snippet_is_json(text: str) -> None:
    """As clients get it."""
    json.loads(text)


@pytest.mark.parametrize(
    "line", [line for each in snippets("sh") for line in each.values[0].splitlines() if line.startswith("curl ")]
)
async def test_a_curl_line_of_a_guide(line: str) -> None:
    """Against the shop, as it stands but for the port; of a stream, the first event."""
    words = shlex.split(line)
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1] if "-d" in words else None
    url = next(word for word in words if word.startswith("http"))
    async with shop_world() as world, httpx.AsyncClient(timeout=30, trust_env=False) as client:
        url = url.replace("http://127.0.0.1:8000", world.url)
        async with client.stream("POST" if body else "GET", url, content=body, headers=headers) as response:
            assert response.status_code == 200
            first = next(iter([line async for line in _until_data(response)]))
            assert "errors" not in first
            assert first


async def _until_data(response: httpx.Response) -> AsyncIterator[str]:
    """The first line that carries data."""
    async for line in response.aiter_lines():
        if line and not line.startswith((":", "event:")):
            yield line
            return
