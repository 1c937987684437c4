"""Persisted and trusted documents: found by name, never run under a name that is not theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bff.authoring import SchemaError
from bff.contract import Answer, Request
from bff.documents.options import Documents as DocumentOptions
from bff.documents.store import MemoryStore
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


async def test_memory_is_bounded() -> None:
    """By count and by bytes; the least recently used leave, and what is too large never enters."""
    few, small = MemoryStore(most=2, most_bytes=100), MemoryStore(most=100, most_bytes=10)
    for store in (few, small):
        await store.put("a", "aaaa")
        await store.put("b", "bbbb")
        assert await store.get("a") == "aaaa"
        await store.put("c", "c" * 6)
        assert [await store.get(each) for each in "abc"] == ["aaaa", None, "cccccc"]
    await small.put("d", "é" * 6)
    assert await small.get("d") is None
    assert await small.get("a") == "aaaa"


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


async def test_strangers_cannot_evict_trusted_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are parsed once, at start, whatever else is asked."""
    gateway = app(manifest=str(written(tmp_path, {"p1": HELLO})))
    for number in range(1100):
        await ask(gateway, f"query Q{number} {{ hello }}", variables={})
    monkeypatch.setattr("bff.engine.prepare.plan.parse", None)
    assert (await ask(gateway, document_id="p1", operation_name="Hello")).data == ADA


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("{", ["not valid JSON"]),
        ("[]", ["Apollo", "Relay"]),
        ({"format": "other", "operations": []}, ["apollo-persisted-query-manifest"]),
        ({"p1": 1, "p2": HELLO}, ['document "p1"']),
        (apollo(("p1", "Hello", HELLO), ("p1", "Change", CHANGE)), ['operation "Change"', "p1"]),
        (apollo(("p1", "Other", HELLO)), ["Other", "no operation named"]),
        (apollo(("p1", "Bad", "query Bad { helo }")), ["operation Bad", "Cannot query field 'helo'"]),
        ({"p1": "{ helo }", "p2": "{ hello "}, ["operation p1", "Cannot query field 'helo'"]),
        ({"p1": "{ helo }", "p2": "{ hello "}, ["operation p2", "Syntax Error"]),
        ({"p1": "query A { hello } query B { hello }"}, ["operation p1", "several operations"]),
        ({"p1": "{ a: hello b: hello }"}, ["operation p1", "tokens"]),
    ],
)
def test_a_faulty_manifest_is_told_at_start(tmp_path: Path, manifest: Any, words: list[str]) -> None:
    """With the file and the operation."""
    path = written(tmp_path, manifest)
    with pytest.raises(SchemaError) as caught:
        app(manifest=str(path), limits={"max_tokens": 7} if "tokens" in words else {})
    assert any(all(word in problem for word in [str(path), *words]) for problem in caught.value.problems)


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    """Is named."""
    with pytest.raises(SchemaError, match=r"no file .*none\.json"):
        app(manifest=str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    "options",
    [
        {"trusted_only": True},
        {"trusted_only": True, "persisted": True, "manifest": "x"},
        {"store": "redis://127.0.0.1"},
        {"persisted": True, "store": "memcached://127.0.0.1"},
    ],
)
def test_options_that_do_not_fit_together(options: dict[str, Any]) -> None:
    """Are told before anything runs."""
    with pytest.raises(ValidationError):
        DocumentOptions.model_validate(options)


async def test_a_subscription_is_not_started_where_its_events_cannot_go() -> None:
    """What the transport says instead is the answer."""
    instead = Answer(errors=[{"message": "no"}], was_executed=False, status=406)
    assert await ask(app(), "subscription { count(to: 2) }", instead_of_events=instead) is instead
