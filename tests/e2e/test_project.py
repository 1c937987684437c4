"""A project of anyone's own: a folder with bff.yaml and schemas/, served from somewhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import bff, running
from tests.http_upstream import Reply, http_upstream

BACKEND = """\
from connectors import rest

people = rest("people")
person = people.get("/people/{id}", missing="null")
"""
FRONTEND = '''\
"""Says hello."""

import strawberry

from bff.authoring import argument, frontend, via
from schemas.backends.people import person


@strawberry.type
class Person:
    id: strawberry.ID
    name: str

    @strawberry.field
    def greeting(self) -> str:
        return f"Hello {self.name}!"


@strawberry.type
class Query:
    person: Person | None = via(person, id=argument(strawberry.ID))


schema = frontend(query=Query)
'''
CONFIG = """\
upstreams:
  people: {rest: "${PEOPLE_URL}"}
frontends:
  hello: {schema: schemas.hello, default: true, limits: {max_depth: 8}}
"""


def _find_person(path: str, _: bytes) -> Reply:
    if path == "/people/7":
        return 200, "application/json", b'{"id": 7, "name": "Ada"}'
    return 404, "application/json", b"{}"


@pytest.fixture
def people() -> Iterator[str]:
    """A tiny REST server."""
    with http_upstream(_find_person) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The smallest project with an upstream; no __init__.py but the frontend's own."""
    home = tmp_path / "mine"
    (home / "schemas/hello").mkdir(parents=True)
    (home / "schemas/backends").mkdir()
    (home / "schemas/backends/people.py").write_text(BACKEND)
    (home / "schemas/hello/__init__.py").write_text(FRONTEND)
    (home / "bff.yaml").write_text(CONFIG)
    return home


def test_a_project_in_an_empty_directory(folder: Path, people: str) -> None:
    """Served from another folder, though this repository has a package of the same name."""
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    with running("serve", "--config", "../mine/bff.yaml", cwd=elsewhere, PEOPLE_URL=people) as command:
        answer = command.ask_when_up('{ person(id: "7") { id greeting } nobody: person(id: "8") { id } }')
        assert answer == {"data": {"person": {"id": "7", "greeting": "Hello Ada!"}, "nobody": None}}
        assert command.stop() == 0


def test_the_other_commands_work_there_too(folder: Path) -> None:
    """`bff check` and `bff sdl --write`."""
    done = bff("check", cwd=folder, PEOPLE_URL="http://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (0, "bff.yaml: OK; upstreams people; frontends hello\n")
    assert bff("sdl", "--write", cwd=folder, PEOPLE_URL="http://127.0.0.1:9").returncode == 0
    assert "greeting: String!" in (folder / "schemas/hello/schema.graphql").read_text()


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("schemas/hello/__init__.py", None, "there is no module schemas.hello; make schemas/hello/__init__.py"),
        ("schemas/hello/__init__.py", "x = 1\n", "has no `schema`; add `schema = frontend(query=Query)`"),
        ("schemas/hello/__init__.py", "x =\n", "schemas/hello/__init__.py:1:1: error [schema] SyntaxError"),
        (
            "schemas/hello/__init__.py",
            "\nimport nowhere\n",
            "schemas/hello/__init__.py:2:1: error [schema] ModuleNotFoundError",
        ),
        (
            "schemas/backends/people.py",
            "people = 1\n",
            "schemas/hello/__init__.py:6:1: error [schema] ImportError: cannot import name",
        ),
        (
            "bff.yaml",
            CONFIG.replace("${PEOPLE_URL}", "${PEOPLE}"),
            "bff.yaml:2:12: error [environment] upstreams.people.rest",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(folder: Path, file: str, text: str | None, told: str) -> None:
    """No traceback: what is wrong, where, and what to do."""
    if text is None:
        (folder / file).unlink()
        (folder / file).parent.rmdir()
    else:
        (folder / file).write_text(text)
    done = bff("serve", "--port", "0", cwd=folder, PEOPLE_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
