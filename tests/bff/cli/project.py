"""A small project in a folder, for the tests of the commands."""

from __future__ import annotations

from pathlib import Path

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
