"""Both engines over one upstream: ask them the same, and tell whether they answer the same. For differential tests."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import strawberry

from bff.contract import Answer, Request
from bff.gateway.gateway import Gateway
from bff.http.responses.encode import encode
from tests.bff.engine.drawing import reach
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


def data_of(body: dict[str, Any]) -> str:
    return json.dumps(body.get("data"))  # a list of pairs would say the same of the order of keys


def same_errors(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """The same, of several that make one thing null any: calls are under way side by side, and the first one counts."""
    return shown(ours) == shown(theirs)


def shown(body: dict[str, Any]) -> set[str]:
    """Errors at the very null they are told for; of those from below, only which null."""
    reached = [(reach(body["data"], each["path"]), each) for each in body.get("errors", [])]
    return {json.dumps(each if list(null) == each["path"] else null) for null, each in reached}
