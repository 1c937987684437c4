"""Hostile documents against a live gateway: each is refused or answered in bounded time, and others hardly wait.

What the worst ones took to prepare, on two cores, before and after the bounds of bff.engine.prepare.plan (ms of CPU; before
them it was also the time that everyone waited, since then a thread beside the event loop takes it):

    one field 490 times, 250,000 comparisons     674      78    complexity budget of 50,000
    fields that clash                            252      93    the same
    the same in 130 fragments                    171      88    the same
    unknown input fields, 21 prints of them      126      90    five errors, then stop; messages are cut
    unknown fields with long names               191       0    100,000 characters at most
    900,000 blank lines                          165       0    the same
    a block string, escapes                      143       0    the same
    introspection with 180 aliases, to run       187       7    three times the cost of a tool's introspection at most
    450,000 wrong values in a variable         7,153       -    5,000 values at most, counted before they are coerced
    400 distinct documents in the plan cache  340 MB       -    500,000 characters at most, for each frontend
"""

from __future__ import annotations

import json

import pytest

from tests.abuse.documents import DOCUMENTS, words
from tests.abuse.live import Live, post

COPIES = 3


def requests(query: str, frontend: str, **more: object) -> list[bytes]:
    """The document a few times, never twice the same, so that no cache has it."""
    texts = [f"{query}\n#{frontend}{number}" for number in range(COPIES)]
    return [post(json.dumps({"query": text, **more}).encode(), path=b"/graphql/" + frontend.encode()) for text in texts]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(attacked: Live, name: str) -> None:
    """Each is a 4xx or a coded error, or an answer that cost little."""
    attacked.flood(name, requests(DOCUMENTS[name], "web"))


def test_distinct_documents_do_not_fill_the_memory(attacked: Live) -> None:
    """The plan cache is bounded by what its plans weigh, and flushing it costs others little."""
    several = [
        post(json.dumps({"query": f"query Q{each}{{{words('a#:__typename', 300)}}}"}).encode()) for each in range(160)
    ]
    attacked.flood("80 distinct documents", several[:80])
    before = attacked.resident()
    attacked.flood("80 more", several[80:])
    assert attacked.resident() < before + 120


def test_memory_stays_flat(attacked: Live) -> None:
    """After everything once, everything again adds next to nothing."""
    names = [name for name, text in DOCUMENTS.items() if len(text) > 5_000]
    attacked.flood("the large ones", [request for name in names for request in requests(DOCUMENTS[name], "mobile")[:1]])
    before = attacked.resident()
    attacked.flood("the same again", [request for name in names for request in requests(DOCUMENTS[name], "mobile")[:1]])
    after = attacked.resident()
    print(f"memory in MB: {before:.0f}, then {after:.0f}")
    assert after < before * 1.1 + 30
