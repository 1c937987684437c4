"""Persisted and trusted documents: found by name, never run under a name that is not theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bff.contract import Answer, Request
from tests.bff.frontends.world import CHANGE, HELLO, apollo, app, ask, code, hashed, sha, written

ADA = {"hello": "hello Ada"}


async def test_a_client_persists_a_query() -> None:
    """Unknown at first, then sent with its hash, then known by it: Apollo's protocol."""
    gateway = app(persisted=True)
    answer = await ask(gateway, extensions=hashed(HELLO))
    assert (answer.errors[0]["message"], code(answer)) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    assert (await ask(gateway, HELLO, extensions=hashed(HELLO))).data == ADA
    assert (await ask(gateway, extensions=hashed(HELLO))).data == ADA
    assert (await ask(gateway, document_id=f"sha256:{sha(HELLO)}")).data == ADA


async def test_a_wrong_hash_is_refused() -> None:
    """Else one client could put its document in the place of another's."""
    gateway = app(persisted=True)
    assert code(await ask(gateway, CHANGE, extensions=hashed(HELLO))) == "PERSISTED_QUERY_MISMATCH"
    assert code(await ask(gateway, extensions=hashed(HELLO))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_document_at_fault_is_not_kept() -> None:
    """What strangers send that does not fit the schema takes no room."""
    gateway = app(persisted=True)
    faulty = "{ nope }"
    assert code(await ask(gateway, faulty, extensions=hashed(faulty))) == "GRAPHQL_VALIDATION_FAILED"
    assert code(await ask(gateway, extensions=hashed(faulty))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("persisted", ["text", {}, {"version": 2, "sha256Hash": sha(HELLO)}, {"version": 1}, []])
async def test_an_extension_that_is_not_the_protocols(persisted: Any) -> None:
    """Is told what it should be."""
    answer = await ask(app(persisted=True), extensions={"persistedQuery": persisted})
    assert (code(answer), '"version": 1' in answer.errors[0]["message"]) == ("BAD_REQUEST", True)


async def test_a_frontend_without_persisted_queries() -> None:
    """Says so for a hash alone, and runs what comes with its text."""
    gateway = app()
    answer = await ask(gateway, extensions=hashed(HELLO))
    assert (answer.errors[0]["message"], code(answer)) == (
        "PersistedQueryNotSupported",
        "PERSISTED_QUERY_NOT_SUPPORTED",
    )
    assert (await ask(gateway, HELLO, extensions=hashed(HELLO))).data == ADA
    assert code(await ask(gateway, document_id="x")) == "DOCUMENT_NOT_FOUND"
    assert code(await ask(gateway)) == "GRAPHQL_PARSE_FAILED"


async def test_a_persisted_mutation_is_refused_over_get_as_any() -> None:
    """Its name does not hide what it does."""
    gateway = app(persisted=True)
    assert (await ask(gateway, CHANGE, extensions=hashed(CHANGE))).data == {"change": True}
    assert code(await ask(gateway, extensions=hashed(CHANGE), no_mutations=True)) == "METHOD_NOT_ALLOWED"


async def test_a_subscription_may_be_named() -> None:
    """Whatever the transport."""
    gateway, text = app(persisted=True), "subscription { count(to: 2) }"
    for query in (text, ""):
        answers = await gateway.answer(Request(frontend="app", query=query, extensions=hashed(text)))
        assert not isinstance(answers, Answer)
        assert [each.data async for each in answers] == [{"count": 0}, {"count": 1}]


@pytest.mark.parametrize(
    "manifest", [apollo(("p1", "Hello", HELLO), ("p2", "Change", CHANGE)), {"p1": HELLO, "p2": CHANGE}]
)
async def test_trusted_documents_are_known_by_id(tmp_path: Path, manifest: Any) -> None:
    """In both shapes, by every way to say it; other documents still run."""
    gateway = app(manifest=str(written(tmp_path, manifest)))
    by_hash = {"persistedQuery": {"version": 1, "sha256Hash": "p1"}}
    for request in ({"document_id": "p1"}, {"extensions": by_hash}, {"document_id": "p1", "operation_name": "Hello"}):
        assert (await ask(gateway, **request)).data == ADA
    assert (await ask(gateway, document_id="p2")).data == {"change": True}
    assert (await ask(gateway, "{ hello }")).data == {"hello": "hello world"}
    assert code(await ask(gateway, document_id="p3")) == "DOCUMENT_NOT_FOUND"
    assert code(await ask(gateway, extensions=hashed(HELLO))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_an_id_may_say_that_it_is_a_hash(tmp_path: Path) -> None:
    """`sha256:` is GraphQL over HTTP's way to write what Apollo's manifests have bare."""
    gateway = app(manifest=str(written(tmp_path, {sha(HELLO): HELLO})), trusted_only=True)
    for request in (
        {"document_id": f"sha256:{sha(HELLO)}"},
        {"document_id": sha(HELLO)},
        {"extensions": hashed(HELLO)},
    ):
        assert (await ask(gateway, **request)).data == ADA


async def test_only_trusted_documents(tmp_path: Path) -> None:
    """Everything else gets the same answer, so that it tells nothing of the schema."""
    gateway = app(manifest=str(written(tmp_path, {"p1": HELLO})), trusted_only=True)
    strangers: list[dict[str, Any]] = [
        {"query": HELLO},
        {"query": "{ hello "},
        {"query": "{ helo }"},
        {"query": "{ __schema { types { name } } }"},
        {"query": HELLO, "extensions": hashed(HELLO)},
        {"extensions": hashed(HELLO)},
        {"document_id": "p2"},
        {"document_id": "p2", "query": HELLO},
        {},
    ]
    answers = [await ask(gateway, **each) for each in strangers]
    assert code(answers[0]) == "DOCUMENT_NOT_TRUSTED"
    assert all(each == answers[0] for each in answers)
    assert (await ask(gateway, document_id="p1", query="{ __typename }")).data == ADA


async def test_a_subscription_is_not_started_where_its_events_cannot_go() -> None:
    """What the transport says instead is the answer."""
    instead = Answer(errors=[{"message": "no"}], was_executed=False, status=406)
    assert await ask(app(), "subscription { count(to: 2) }", instead_of_events=instead) is instead
