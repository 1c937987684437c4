"""`bff check`: mistakes of configuration and schemas, missing files, N+1 calls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bff.cli.project import SMALL, project
from tests.e2e.command import bff


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
    assert done.stderr.endswith("\n4 errors\n")


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
    assert done.stderr == (
        "bff.yaml: OK; upstreams catalog, pricing, warehouse, reviews, ticker, orders; frontends mobile, web, partner\n"
    )


def test_a_frontend_without_limits_of_its_own(tmp_path: Path) -> None:
    """A note with the defaults, and no error; a limit of its own ends it."""
    meant = SMALL.replace('"/things/{id}"', '"/things/{id}", each=4')
    config = project(tmp_path, "no_limits", meant)
    done = bff("check", "--config", str(config))
    assert done.returncode == 0
    assert "no limits of its own; the defaults are max_depth 15, max_cost 10000, max_cpu 1" in done.stderr
    text = config.read_text()
    config.write_text(text.replace("schema: no_limits", "schema: no_limits, limits: {max_cost: 100}"))
    assert config.read_text() != text
    assert "no limits of its own" not in bff("check", "--config", str(config)).stderr
