"""A gateway with one frontend named `app` whose documents are to be tested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bff.authoring import frontend
from bff.contract import Answer, Request
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from tests.bff.fakes import AllReady
from tests.waiting import GENEROUS
from tests.worlds.hello import Mutation, Query, Subscription

HELLO = "query Hello($name: String!) { hello(name: $name) }"
CHANGE = "mutation Change { change }"


def sha(text: str) -> str:
    """What names a document in Apollo's protocol."""
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(text: str) -> dict[str, Any]:
    """The extension that names it."""
    return {"persistedQuery": {"version": 1, "sha256Hash": sha(text)}}


def apollo(*operations: tuple[str, str, str]) -> dict[str, Any]:
    """A manifest in Apollo's format, of ids, names and bodies."""
    listed = [{"id": key, "name": name, "type": body.split()[0], "body": body} for key, name, body in operations]
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": listed}


def written(folder: Path, manifest: Any) -> Path:
    """The manifest as a file."""
    path = folder / "manifest.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    return path


def app(**options: Any) -> Gateway:
    """A gateway whose frontend has these documents; `limits` and `introspection` are the frontend's own."""
    own = {key: options.pop(key) for key in ("limits", "introspection", "batch") if key in options}
    schema = frontend(query=Query, mutation=Mutation, subscription=Subscription)
    chosen = Options.model_validate({"schema": "tests", "documents": options, **own})
    return Gateway({"app": make_frontend("app", chosen, schema)}, {}, request_timeout=GENEROUS, readiness=AllReady())


async def ask(gateway: Gateway, query: str = "", **request: Any) -> Answer:
    """The one answer to a request."""
    variables: Mapping[str, Any] = request.pop("variables", {"name": "Ada"})
    answer = await gateway.answer(Request(frontend="app", query=query, variables=variables, **request))
    assert isinstance(answer, Answer)
    return answer


def code(answer: Answer) -> str:
    """The code of the only error of a request that was refused."""
    assert not answer.was_executed
    (error,) = answer.errors
    return str(error["extensions"]["code"])
