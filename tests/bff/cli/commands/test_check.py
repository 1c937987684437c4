"""`bff check`: mistakes of configuration and schemas, missing files, N+1 calls."""

from __future__ import annotations

import json
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
    assert 'bff.yaml:2:28: error [config] upstreams.shop.retyr: unknown key; did you mean "retry"?' in done.stderr
    assert 'bff.yaml:4:9: error [config] frontends.web.schem: unknown key; did you mean "schema"?' in done.stderr
    assert 'bff.yaml:5:1: error [config] sever: unknown key; did you mean "server"?' in done.stderr
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
        r'wrong_parameter\.py:19:20: error \[schema\] Thing\.maker: .* has no parameter "idd"; did you mean "id"\?',
        done.stderr,
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


def test_formats_for_programs(tmp_path: Path) -> None:
    """The same findings as JSON, as annotations of GitHub, and as SARIF 2.1.0."""
    config = project(tmp_path, "many_calls_again")
    found = json.loads(bff("check", "--format", "json", cwd=config.parent).stdout)
    assert found["counts"] == {"error": 0, "warning": 1, "note": 1}
    (warning,) = [each for each in found["findings"] if each["severity"] == "warning"]
    assert (warning["file"], warning["line"], warning["column"]) == ("many_calls_again.py", 19, 20)
    github = bff("check", "--format", "github", cwd=config.parent)
    assert "::warning file=many_calls_again.py,line=19,col=20,title=n-plus-one::Thing.maker: " in github.stdout
    sarif = json.loads(bff("check", "--format", "sarif", cwd=config.parent).stdout)
    assert [each["level"] for each in sarif["runs"][0]["results"]] == ["warning", "note"]


def test_without_secrets(tmp_path: Path) -> None:
    """One note names the variables that are not set; `--require-env` and `bff serve` make each an error."""
    meant = SMALL.replace('"/things/{id}"', '"/things/{id}", each=4')
    config = project(tmp_path, "no_secrets", meant, 'rest: "${SHOP_URL}", headers: {authorization: "${SHOP_TOKEN}"}')
    done = bff("check", cwd=config.parent)
    assert done.returncode == 0
    assert "bff.yaml:2:10: note [environment] placeholders stand for environment variables that are not set: " in (
        done.stderr
    )
    assert "SHOP_URL, SHOP_TOKEN" in done.stderr
    for arguments in (("check", "--require-env"), ("serve",)):
        done = bff(*arguments, cwd=config.parent)
        assert done.returncode == 1
        assert done.stderr.count("error [environment]") == 2
        assert done.stderr.endswith("\n2 errors\n")


def test_a_description_contradicts_an_endpoint(tmp_path: Path) -> None:
    """An error of `bff check`, for which `bff serve` does not start; it prints the same line."""
    schema = SMALL.replace("from connectors import rest", "from connectors import graphql as rest")
    schema = schema.replace('shop.get("/things/{id}")', 'shop.query("thing(id: $id)", many="alias")')
    schema = schema.replace('shop.get("/things", at="items")', 'shop.query("thngs")')
    config = project(tmp_path, "contradiction", schema, 'graphql: "http://127.0.0.1:9/", schema: shop.graphql')
    (tmp_path / "shop.graphql").write_text("type T { id: ID name: String } type Query { thing(id: ID): T things: [T] }")
    checked, served = bff("check", cwd=config.parent), bff("serve", "--port", "0", cwd=config.parent)
    line = (
        "contradiction.py:8:10: error [request] shop: query thngs: the upstream's type Query has no field "
        '"thngs"; did you mean "things"?'
    )
    assert (checked.returncode, served.returncode) == (1, 1)
    assert line in checked.stderr
    assert line in served.stderr
