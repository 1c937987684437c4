"""The policies that find and keep documents; tests/bff/documents shows what they do together with the others."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from typing import Any

import pytest

from bff.contract import Refused, Response
from bff.documents.documents import Documents
from bff.documents.store import MemoryStore
from bff.operation.operation import Operation
from bff.policies.inbound.documents import documents, persist
from tests.bff.policies.inbound.world import ANSWER, Rest, app, operation

TEXT = "{ hello }"
NAMED: dict[str, Any] = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(TEXT.encode()).hexdigest()}}


def known(*, only: bool = False) -> Documents:
    return Documents({"a": TEXT}, trusted_only=only, store=MemoryStore(max_entries=9, max_size=1000))


async def test_a_request_with_its_document_is_handed_on_as_it_is() -> None:
    """At the cost of one call: nothing is awaited in between."""
    rest, asked = Rest(), operation(app())
    request = asked.request
    assert await documents(known())(rest)(asked) is ANSWER
    assert rest.operations[0].request is request


def test_nothing_is_awaited_for_a_request_with_its_document() -> None:
    """The awaitable of the rest comes back itself."""
    here: Awaitable[Response] = Rest()(operation(app()))

    def rest(operation: Operation) -> Awaitable[Response]:
        return here

    assert documents(known())(rest)(operation(app())) is here
    assert persist(known())(rest)(operation(app())) is here
    here.close()  # type: ignore[attr-defined]  # it is a coroutine


async def test_a_name_becomes_a_text() -> None:
    """And what was not sent is not kept."""
    rest, store = Rest(), known()
    for request in ({"document_id": "a"}, {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a"}}}):
        await documents(store)(persist(store)(rest))(operation(app(), "", **request))
    assert [each.request.query for each in rest.operations] == [TEXT, TEXT]
    with pytest.raises(Refused):
        await store.find_document(operation(app(), "", extensions=NAMED).request)


async def test_an_unknown_name_and_an_untrusted_text_are_refused() -> None:
    """Before anything that follows."""
    rest = Rest()
    with pytest.raises(Refused) as unknown:
        await documents(known())(rest)(operation(app(), "", document_id="b"))
    with pytest.raises(Refused) as untrusted:
        await documents(known(only=True))(rest)(operation(app()))
    assert (unknown.value.code, untrusted.value.code) == ("DOCUMENT_NOT_FOUND", "DOCUMENT_NOT_TRUSTED")
    assert rest.operations == []


async def test_a_text_with_its_hash_is_kept() -> None:
    """Others then need only name it."""
    rest, store = Rest(), known()
    await persist(store)(rest)(operation(app(), TEXT, extensions=NAMED))
    await documents(store)(rest)(operation(app(), "", extensions=NAMED))
    assert [each.request.query for each in rest.operations] == [TEXT, TEXT]
