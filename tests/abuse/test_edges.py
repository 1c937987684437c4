"""What strangers learn and pretend at the edge of `bff serve`: hosts, forwarded addresses, and production."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import httpx
import pytest

from tests.e2e.command import Running, bff, free_port, running
from tests.waiting import GENEROUS

SCHEMA = """
import strawberry
from bff.authoring import frontend


@strawberry.type
class Query:
    @strawberry.field
    async def secret_field(self, info: strawberry.Info) -> str:
        return f"{info.context.client} {info.context.headers.get('x-forwarded-for')}"


schema = frontend(query=Query)
"""
CONFIG = """
mode: production
frontends:
  hidden_one: {schema: made}
  hidden_two: {schema: made}
server: {trusted_proxies: [10.0.0.0/8]}
"""
SEEN = "{ secretField }"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`bff serve` in production, of a file that says nothing of hosts."""
    folder = tmp_path_factory.mktemp("edges")
    (folder / "made.py").write_text(SCHEMA)
    (folder / "bff.yaml").write_text(dedent(CONFIG))
    with running("serve", cwd=folder) as command:
        command.ask_when_up(SEEN, "/graphql/hidden_one")
        yield command


def ask(gateway: Running, query: str, path: str = "/graphql/hidden_one", **headers: str) -> httpx.Response:
    """One POST with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(gateway.url + path, json={"query": query}, headers=named, timeout=GENEROUS)


def test_a_page_of_another_name_reads_nothing(gateway: Running) -> None:
    """DNS rebinding: its name leads to loopback, so its browser sends the request as one of the same site."""
    for origin in ("http://evil.example", f"http://evil.example:{gateway.url.rpartition(':')[2]}"):
        answer = ask(gateway, SEEN, host=origin.removeprefix("http://"), origin=origin)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"]["code"] == "HOST_NOT_ALLOWED"
    assert ask(gateway, SEEN, host="localhost:1").status_code == 200


def test_a_client_is_not_whom_it_claims_to_be(gateway: Running) -> None:
    """No address of its choice is logged, limited or passed on."""
    answer = ask(
        gateway, SEEN, x_forwarded_for="10.0.0.5, 198.51.100.7", forwarded="for=198.51.100.7", x_real_ip="1.1.1.1"
    )
    assert answer.json()["data"] == {"secretField": "127.0.0.1 None"}


def test_production_tells_strangers_nothing(gateway: Running) -> None:
    """Neither names of frontends nor of fields, nor figures, nor pages."""
    page = {"accept": "text/html"}
    answers = [
        ask(gateway, "{ __schema { types { name } } }"),
        ask(gateway, "{ secretFild }"),
        ask(gateway, SEEN, "/graphql/nope"),
        ask(gateway, SEEN, "/graphql"),
        httpx.get(f"{gateway.url}/metrics"),
        httpx.get(f"{gateway.url}/graphql", headers=page),
        httpx.get(f"{gateway.url}/graphql/hidden_one", headers=page),
        httpx.get(f"{gateway.url}/", headers=page),
        httpx.get(f"{gateway.url}/ready"),
    ]
    assert all("data" not in answer.text for answer in answers), [answer.text for answer in answers]
    for answer in answers:
        for name in ("hidden", "secretField", "GraphiQL", "python_info"):
            assert name not in answer.text, answer.text
    assert answers[-1].json() == {"status": "ready"}


def test_the_start_offers_no_page_that_is_off(gateway: Running) -> None:
    """The file names its mode, so there is nothing to explain either."""
    assert not any(each.startswith("mode: ") or "browser" in each for each in gateway.lines)


def test_the_admin_port_of_workers(tmp_path: Path) -> None:
    """Each worker opens it; what listens there already is an error of one line."""
    (tmp_path / "made.py").write_text(SCHEMA)
    port = free_port()
    (tmp_path / "bff.yaml").write_text(dedent(CONFIG).replace("server: {", f"server: {{admin: {{port: {port}}}, "))
    with running("serve", "--workers", "2", cwd=tmp_path) as command:
        command.ask_when_up(SEEN, "/graphql/hidden_one")
        assert "python_info" in httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=GENEROUS).text
        assert httpx.get(f"{command.url}/metrics", timeout=GENEROUS).status_code == 404
        assert ask(command, SEEN, host="evil.example").status_code == 400
        done = bff("serve", "--port", "0", cwd=tmp_path)
        assert (done.returncode, "server.admin: cannot listen at" in done.stderr) == (1, True)
        assert command.stop() == 0
