"""Endpoints with declared parameters: checked where they are defined, and by mypy where they are called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors import (
    DefinitionError,
    Endpoint,
    Reply,
    StreamEndpoint,
    graphql,
    grpc,
    queue,
    rest,
    soap,
    typed,
    websocket,
)
from connectors.direct import Direct
from connectors.testing import Fakes

ROOT = Path(__file__).parents[2]
catalog = rest("catalog")


@typed(catalog.get("/products/{id}?lang={lang?}"))
def product(*, id: str, lang: str = "en") -> None: ...


async def test_it_is_the_endpoint() -> None:
    """The function's defaults are not sent."""
    assert type(product) is Endpoint
    up = Fakes("catalog")
    up.catalog["/products/{id}"] = {"title": "Kite"}
    async with Direct(up):
        reply = await product(id="7")
    assert isinstance(reply, Reply)
    assert reply.data == {"title": "Kite"}
    assert up.catalog.received[0].arguments == {"id": "7"}


def test_every_kind_can_be_typed() -> None:
    """Of calls and of streams."""

    def declared(*, sku: str) -> None: ...

    for endpoint in (
        grpc("up").unary("shop.Pricing/GetPrice", {"sku": "{sku}"}),
        soap("up").call("GetStock", Sku="{sku}"),
        graphql("up").query("review(sku: $sku)"),
    ):
        assert typed(endpoint)(declared) is endpoint  # type: ignore[comparison-overlap]
    for stream in (websocket("up").subscribe({"sku": "{sku}"}, topic="sku"), queue("up").subscribe("prices.{sku}")):
        assert isinstance(typed(stream)(declared), StreamEndpoint)


def test_names_are_checked_where_they_are_declared() -> None:
    """With the line, and the nearest name."""
    endpoint = catalog.get("/products/{id}?lang={lang?}")

    def misspelt(*, id: str, langg: str) -> None: ...
    def missing(*, lang: str) -> None: ...
    def positional(id: str) -> None: ...
    def optional(*, id: str = "1") -> None: ...

    with pytest.raises(
        DefinitionError, match=r'test_typed.py:\d+: misspelt: .*no parameter "langg"; did you mean "lang"'
    ):
        typed(endpoint)(misspelt)
    with pytest.raises(DefinitionError, match='needs the parameter "id", which is not declared'):
        typed(endpoint)(missing)
    with pytest.raises(DefinitionError, match="must be keyword-only"):
        typed(endpoint)(positional)
    with pytest.raises(DefinitionError, match="so it has no default"):
        typed(endpoint)(optional)


SNIPPET = """
from bff.authoring import via
from connectors import rest, typed

@typed(rest("catalog").get("/products/{id}?lang={lang?}"))
def product(*, id: str, lang: str = "en") -> None: ...

field: object = via(product, id="id")

async def call() -> object:
    reply = await product(id="7")
    await product(id="7", lang="de")
    await product(idd="7")
    await product(id=7)
    await product()
    return reply.data
"""


def test_mypy_sees_wrong_calls(tmp_path: Path) -> None:
    """The misspelt name, the wrong type and the missing parameter; nothing else."""
    (tmp_path / "snippet.py").write_text(SNIPPET)
    cache = ROOT / ".mypy_cache"
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--follow-imports=silent",
        "--no-error-summary",
    ]
    done = subprocess.run(
        [*command, "--cache-dir", str(cache / "typed"), "snippet.py"],
        cwd=tmp_path,
        env={"PATH": "", "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    lines = {line.split(":")[1] for line in done.stdout.splitlines() if "error" in line}
    assert lines == {"13", "14", "15"}, done.stdout + done.stderr
