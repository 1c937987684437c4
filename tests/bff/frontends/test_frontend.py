"""A frontend made from its options and its schema, and the card that the HTTP room gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import strawberry
from strawberry.extensions import SchemaExtension

from bff.authoring import SchemaError
from bff.frontends.frontend import Frontend, load_frontends, make_frontend
from bff.frontends.options import Options


@strawberry.type
class Query:
    hello: str = "world"


def test_cors_reaches_the_card() -> None:
    """With the headers by which a frontend is chosen, because its pages send them."""
    cors = {
        "allow_origins": ["https://Shop.example", "capacitor://localhost"],
        "allow_credentials": True,
        "max_age": "1m",
    }
    match = {"header": {"X-Client": "web"}, "api_key": {"keys": ["k"]}}
    options = Options.model_validate({"schema": "s", "cors": {**cors, "allow_headers": ["X-Mine"]}, "match": match})
    card = make_frontend("web", options, strawberry.Schema(Query)).card
    assert card.origins == ("https://shop.example", "capacitor://localhost")
    assert (card.cross_origin.credentials, card.cross_origin.max_age) == (True, 60)
    assert card.cross_origin.headers == ("x-client", "x-api-key", "x-mine")
    assert card.chosen_by == ("x-client", "x-api-key")
    assert card.has_identity


class Watch(SchemaExtension):
    """An author's own."""


def made(*extensions: Any, **options: Any) -> Frontend:
    schema = strawberry.Schema(Query, extensions=extensions)
    return make_frontend("web", Options.model_validate({"schema": "s", **options}), schema)


def test_why_the_compiled_engine_does_not_run_it() -> None:
    """By its options, or by extensions of the schema, which need graphql-core's executor."""
    assert (made().not_compiled, made().is_compiled) == (None, True)
    assert (made(engine="reference").not_compiled, made(Watch).not_compiled) == (
        "engine: reference",
        "schema extensions",
    )
    assert not made(Watch).is_compiled


def test_whether_executions_may_be_shared() -> None:
    """Not where an author's extension may count every one."""
    assert made().may_share
    assert not made(share=False).may_share
    assert not made(Watch).may_share


def test_a_frontend_without_keys_knows_nobody() -> None:
    """Anyone may ask."""
    assert made().identity is None
    assert not made().card.has_identity
    closed = made(match={"api_key": {"keys": ["k"]}})
    assert closed.identity is not None
    assert closed.identity.headers == {"x-api-key"}
    assert closed.card.has_identity


def test_the_card_says_what_is_taken() -> None:
    """Batches and files only where bff.yaml says so."""
    plain, full = made().card, made(batch={"max_operations": 3}, upload={"max_files": 2, "max_file_size": 1000}).card
    assert (plain.batch, plain.upload) == (None, None)
    assert full.upload is not None
    assert (full.batch, full.upload.max_files, full.upload.max_file_size) == (3, 2, 1000)


def test_the_sdl_has_no_directives_of_delivery() -> None:
    """Clients' compilers have them, and take no others."""
    assert "hello: String!" in made().sdl
    assert "@defer" not in made().sdl


def test_the_problems_of_all_frontends_are_told_at_once(tmp_path: Path) -> None:
    """Each with the name of its frontend."""
    (tmp_path / "empty_schema_module.py").write_text("x = 1\n")
    options = {
        name: Options.model_validate({"schema": module})
        for name, module in (("a", "no_such_schema_module"), ("b", "empty_schema_module"))
    }
    with pytest.raises(SchemaError) as caught:
        load_frontends(options, tmp_path)
    first, second = caught.value.problems
    assert first.startswith("frontends.a: there is no module no_such_schema_module")
    assert second.startswith("frontends.b: empty_schema_module.py of empty_schema_module has no `schema`")
