"""Both engines over one upstream: ask them the same, and tell whether they answer the same. For differential tests."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import strawberry

from bff.contract import Answer, Request
from bff.gateway.gateway import Gateway
from bff.http.responses.encode import encode
from tests.bff.engine.drawing import reach
from tests.bff.engine.floors import Comparisons
from tests.bff.engine.writing import Writer
from tests.bff.fakes import gateway


def engines(schema: strawberry.Schema, api: Any) -> tuple[Gateway, Gateway]:
    """Ours and graphql-core's, with the same plans."""
    ours, theirs = (gateway(schema, options={"engine": engine}, api=api) for engine in ("compiled", "reference"))
    frontends: Any = theirs.frontends
    frontends["app"] = replace(frontends["app"], plans=ours.frontends["app"].plans)
    return ours, theirs


def counted(monkeypatch: pytest.MonkeyPatch, fitter: Any) -> list[Any]:
    """What is read as records by instances of a class of fitters."""
    fits: list[Any] = []
    fit = fitter.__call__

    def counting(self: Any, form: Any, payload: Any, at: tuple[str, ...]) -> Any:
        fits.append(made := fit(self, form, payload, at))
        return made

    monkeypatch.setattr(fitter, "__call__", counting)
    return fits


async def asked(
    engine: Gateway, text: str, variables: dict[str, Any], *, may_be_internal: bool = False
) -> dict[str, Any]:
    """The answer's body as a client reads it. An internal error fails the test, unless what upstreams send explains it.

    Ids of internal errors differ.
    """
    answer = await engine.answer(Request(frontend="app", query=text, variables=variables, takes_records=True))
    assert isinstance(answer, Answer)
    body = encode(answer)
    assert may_be_internal or b'"INTERNAL"' not in body, f"{variables}: {text}\n{body!r}"
    return {"text": body, **json.loads(re.sub(rb'"id":"[^"]*"', b'"id":"?"', body))}


async def compare_turns(
    server: Any,
    ours: Gateway,
    theirs: Gateway,
    done: Comparisons,
    may_differ: Callable[[str, dict[str, Any], dict[str, Any]], Awaitable[bool]] | None = None,
) -> None:
    """A drawn query, three times over, because it is only from the second on that replies are read as records.

    `server` replies by its `seed` and notes in `sent` what it sent; `may_differ` judges answers that are not the same.
    """
    writer = Writer(ours.frontends["app"].core, server.seed, most=30)
    text, seed = writer.document(), server.seed
    for turn in range(3):
        server.seed, server.sent = seed + turn * 1_000_000_007, {}
        expected = await asked(theirs, text, writer.variables)
        if "data" not in expected:
            return  # drawn fields with one name and different arguments cannot be merged
        done.note(expected)
        actual = await asked(ours, text, writer.variables)
        label = f"seed {seed // 1000}, number {seed % 1000}, turn {turn}, {writer.variables}: {text}\n{server.sent}"
        assert "data" in actual, label
        if not (data_of(actual) == data_of(expected) and same_errors(actual, expected)):
            is_right = may_differ is not None and await may_differ(text, writer.variables, actual)
            assert is_right, f"{label}\n{actual}\n{expected}"
    server.seed = seed


async def ask_both(
    server: Any, ours: Gateway, theirs: Gateway, done: Comparisons, times: int
) -> tuple[str, dict[str, Any], list[dict[str, Any]]] | None:
    """A drawn query: its text with variables, what graphql-core answers, and what our engine does so many times.

    None where the drawn fields cannot be merged: they have one name and different arguments.
    """
    writer = Writer(ours.frontends["app"].core, server.seed, most=30)
    text = writer.document()
    may_be_internal = server.trouble > 0  # an object that is sent where a key should be is a TypeError of the key
    expected = await asked(theirs, text, writer.variables, may_be_internal=may_be_internal)
    if "data" not in expected:
        return None
    done.note(expected)
    answers = [await asked(ours, text, writer.variables, may_be_internal=may_be_internal) for _ in range(times)]
    return f"{writer.variables}: {text}", expected, answers


def check_same(answers: list[dict[str, Any]], expected: dict[str, Any], label: str) -> None:
    """Fail where one is not what is expected."""
    for actual in answers:
        assert "data" in actual, label
        assert data_of(actual) == data_of(expected), label
        assert same_errors(actual, expected), f"{label}\n{actual}\n{expected}"


def data_of(body: dict[str, Any]) -> str:
    return json.dumps(body.get("data"))  # a list of pairs would say the same of the order of keys


def same_errors(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """The same, of several that make one thing null any: calls are under way side by side, and the first one counts."""
    return shown(ours) == shown(theirs)


def shown(body: dict[str, Any]) -> set[str]:
    """Errors at the very null they are told for; of those from below, only which null."""
    reached = [(reach(body["data"], each["path"]), each) for each in body.get("errors", [])]
    return {json.dumps(each if list(null) == each["path"] else null) for null, each in reached}
