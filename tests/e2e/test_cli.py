"""The `bff` command as its users run it: real processes, real ports, and mistakes in plain words."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.e2e.command import ROOT, Running, bff, running
from tests.waiting import GENEROUS

SMALL = """\
import strawberry

from bff.authoring import argument, frontend, via
from connectors import rest

shop = rest("shop")
thing = shop.get("/things/{id}")
things = shop.get("/things", at="items")


@strawberry.type
class Maker:
    name: str


@strawberry.type
class Thing:
    id: strawberry.ID
    maker: Maker = via(thing, id="id")


@strawberry.type
class Query:
    things: list[Thing] = via(things)


schema = frontend(query=Query)
"""


def project(folder: Path, name: str, schema: str = SMALL, upstream: str = 'rest: "http://127.0.0.1:9"') -> Path:
    """A project in a folder."""
    (folder / f"{name}.py").write_text(schema)
    config = folder / "bff.yaml"
    config.write_text(f"upstreams:\n  shop: {{{upstream}}}\nfrontends:\n  web: {{schema: {name}, default: true}}\n")
    return config


def test_help_is_worth_reading() -> None:
    """Every command with a sentence."""
    done = bff("--help")
    assert done.returncode == 0
    for command in ("serve", "demo", "check", "sdl", "schema-config", "--version"):
        assert re.search(rf"{command}\s+\S+ \S+", done.stdout), command
    assert "--reload" in bff("serve", "--help").stdout


@pytest.mark.parametrize(
    ("wrong", "hint"), [("serve --prt 1", "--port"), ("srve", '"serve"'), ("serve --port x", "int")]
)
def test_a_slip_of_the_keyboard(wrong: str, hint: str) -> None:
    """What was meant is told, and scripts see that it failed."""
    done = bff(*wrong.split())
    assert done.returncode == 2
    assert hint in done.stderr + done.stdout


def test_a_port_in_use() -> None:
    """Which one, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in ("serve", "demo"):
            done = bff(command, "--port", str(port))
            assert done.returncode == 1
            assert f"port {port} of 127.0.0.1 is in use; stop what listens there" in done.stderr
            assert "--port" in done.stderr
            assert "Traceback" not in done.stderr


def test_no_configuration(tmp_path: Path) -> None:
    """In a folder without bff.yaml."""
    done = bff("serve", cwd=tmp_path)
    assert done.returncode == 1
    assert "bff.yaml:1:1 there is no such file; name one with --config" in done.stderr


def test_all_typos_at_once(tmp_path: Path) -> None:
    """Each with its place and the nearest right name."""
    (tmp_path / "bff.yaml").write_text(
        'upstreams:\n  shop: {rest: "http://h", retyr: 2}\nfrontends:\n  web: {schem: web}\nsever: {}\n'
    )
    done = bff("check", cwd=tmp_path)
    assert done.returncode == 1
    assert 'bff.yaml:2:28 upstreams.shop.retyr: unknown key; did you mean "retry"?' in done.stderr
    assert 'bff.yaml:4:9 frontends.web.schem: unknown key; did you mean "schema"?' in done.stderr
    assert 'bff.yaml:5:1 sever: unknown key; did you mean "server"?' in done.stderr


@pytest.mark.parametrize("upstream", ["soap: nowhere.wsdl", 'grpc: "h:1", protos: [nowhere.proto]'])
def test_missing_files(tmp_path: Path, upstream: str) -> None:
    """A WSDL or proto file that is not there is found before start."""
    done = bff("check", cwd=project(tmp_path, "missing_files", upstream=upstream).parent)
    assert done.returncode == 1
    assert "upstreams.shop: there is no file" in done.stderr
    assert "nowhere" in done.stderr


def test_a_wrong_parameter_in_a_schema(tmp_path: Path) -> None:
    """File, line, field, and the nearest right name."""
    config = project(tmp_path, "wrong_parameter", SMALL.replace('via(thing, id="id")', 'via(thing, idd="id")'))
    done = bff("check", "--config", str(config))
    assert done.returncode == 1
    assert re.search(
        r'wrong_parameter\.py:19 Thing\.maker: .* has no parameter "idd"; did you mean "id"\?', done.stderr
    )


def test_n_plus_one(tmp_path: Path) -> None:
    """A call per object of a list is found before start; `each=` says that it is meant."""
    done = bff("check", cwd=project(tmp_path, "many_calls").parent)
    assert done.returncode == 1
    assert "N+1" in done.stderr
    assert "Thing.maker" in done.stderr
    meant = SMALL.replace('"/things/{id}"', '"/things/{id}", each=4')
    assert bff("check", cwd=project(tmp_path, "many_calls", meant).parent).returncode == 0


def test_the_shop_is_well() -> None:
    """`bff check` in this repository."""
    done = bff("check")
    assert done.returncode == 0
    assert done.stderr.startswith("bff.yaml: upstreams catalog, pricing, warehouse, reviews, ticker, orders; ")
    assert done.stderr.endswith("frontends mobile, web, partner: all is well.\n")


def test_sdl() -> None:
    """One frontend's schema on standard output, and nothing else."""
    done = bff("sdl", "mobile")
    assert done.returncode == 0
    assert done.stdout == (ROOT / "schemas/mobile/schema.graphql").read_text()
    unknown = bff("sdl", "mobil")
    assert unknown.returncode == 1
    assert "mobile, web, partner" in unknown.stderr


def test_workers() -> None:
    """Two processes share the port, and both end when the parent is told to."""
    with running("serve", "--workers", "2") as command:
        assert command.ask_when_up("{ __typename }", "/graphql/web") == {"data": {"__typename": "Query"}}
        assert command.stop(signal.SIGTERM, seconds=10) == 0
        assert "Traceback" not in command.output


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_when_told(how: signal.Signals) -> None:
    """With no upstream there, it starts, answers, and stops cleanly."""
    with running("serve") as command:
        assert command.ask_when_up("{ __typename }", "/graphql/web") == {"data": {"__typename": "Query"}}
        assert command.stop(how) == 0
        assert "Traceback" not in command.output


def _curls(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if line.strip().startswith("curl ")]


def run_curl(command: Running, line: str) -> dict:
    """What the printed command does, without curl."""
    words = shlex.split(line)
    values = {flag: [words[i + 1] for i, word in enumerate(words) if word == flag] for flag in ("-H", "-d")}
    url = next(word for word in words if word.startswith("http"))
    assert url.startswith(command.url)
    headers = dict(header.split(": ", 1) for header in values["-H"])
    return httpx.post(url, content=values["-d"][0], headers=headers, timeout=GENEROUS).json()


def test_the_demo() -> None:
    """It starts fast, its printed queries work as they stand, and Ctrl-C ends it cleanly."""
    begin = time.monotonic()
    with running("demo") as command:
        command.ask_when_up("{ __typename }", "/graphql/web")
        took = time.monotonic() - begin
        print(f"bff demo: first answer after {took:.2f} s")
        assert took < 6
        command.wait_for("/graphql/partner -H")
        curls = _curls(command.output)
        assert len(curls) == 3
        for line in curls:
            answer = run_curl(command, line)
            assert "errors" not in answer, answer
            assert "null" not in str(answer["data"]).lower()
        assert command.stop(signal.SIGINT) == 0
        assert "Traceback" not in command.output
