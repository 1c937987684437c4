"""Replies of the wrong kind have a trail: a code, a request id, and one line with call and place, in both engines."""

from __future__ import annotations

from typing import Any, Literal

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bff.authoring import frontend, take, via
from bff.authoring.strawberry_insides import core_schema
from bff.contract import Answer, Request
from bff.engine.origins import Origin, Origins
from tests.bff.fakes import FakeUpstream, batched, endpoint, gateway

ROW = endpoint("shop: row", {})
PAGE = endpoint("shop: page", {}, at="page.items")


@strawberry.type
class Part:
    size: int | None = None


@strawberry.type
class Row:
    id: strawberry.ID
    count: int | None = take("n.count", default=None)
    part: Part | None = None
    parts: list[Part] | None = None
    other: Part | None = via(batched("shop: other"), id="id")


@strawberry.type
class Query:
    row: Row | None = via(ROW)
    rows: list[Row | None] | None = via(PAGE)

    @strawberry.field
    async def asked(self) -> Row | None:
        return await ROW()  # type: ignore[no-any-return]

    @strawberry.field
    async def both(self) -> Row | None:
        await PAGE()
        return await ROW()  # type: ignore[no-any-return]

    @strawberry.field
    def own(self) -> int | None:
        return "seven"  # type: ignore[return-value]


SCHEMA = frontend(query=Query)


def _failures() -> float:
    labels = {"upstream": "shop", "code": "UPSTREAM_BAD_REPLY"}
    return REGISTRY.get_sample_value("bff_upstream_failures_total", labels) or 0.0


async def _run(query: str, engine: str, answers: Any) -> tuple[Answer, list[dict[str, Any]]]:
    app = gateway(SCHEMA, options={"engine": engine}, shop=FakeUpstream(answers))
    with capture_logs() as lines:
        answer = await app.answer(Request(frontend="app", query=query, headers={"x-request-id": "r-1"}))
    assert isinstance(answer, Answer)
    return answer, [dict(line) for line in lines]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
class TestBothEngines:
    """The same error and the same line."""

    @pytest.mark.parametrize(
        ("query", "reply", "code", "operation", "place"),
        [
            ("{ row { id } }", 42, "UPSTREAM_BAD_REPLY", "row", ""),
            ("{ row { id } }", [42], "UPSTREAM_BAD_REPLY", "row", ""),
            ("{ rows { id } }", {"page": {"items": [42]}}, "UPSTREAM_BAD_REPLY", "page", "page.items[0]"),
            ("{ rows { id } }", {"page": {"items": {"id": 1}}}, "INVALID_VALUE", "page", "page.items"),
            ("{ r: row { p: part { size } } }", {"id": 1, "part": "x"}, "UPSTREAM_BAD_REPLY", "row", "part"),
            ("{ row { parts { size } } }", {"id": 1, "parts": {}}, "INVALID_VALUE", "row", "parts"),
            ("{ row { parts { size } } }", {"id": 1, "parts": [7]}, "UPSTREAM_BAD_REPLY", "row", "parts[0]"),
            ("{ row { count } }", {"id": 1, "n": {"count": "x"}}, "INVALID_VALUE", "row", "n.count"),
            (
                "{ row { ...F } } fragment F on Row { count }",
                {"id": 1, "n": {"count": "x"}},
                "INVALID_VALUE",
                "row",
                "n.count",
            ),
            ("{ asked { id } }", 42, "UPSTREAM_BAD_REPLY", "row", None),
            ("{ row { id } }", {}, "UNEXPECTED_NULL", "row", "id"),
        ],
    )
    async def test_a_reply_of_the_wrong_kind(
        self,
        engine: Literal["compiled", "reference"],
        query: str,
        reply: Any,
        code: str,
        operation: str,
        place: str | None,
    ) -> None:
        """A coded error with the request's id, and one line that names the call and the place in its reply."""
        before = _failures()
        answer, lines = await _run(query, engine, lambda call: reply)
        (error,) = answer.errors
        assert (error["extensions"]["code"], error["extensions"]["requestId"]) == (code, "r-1")
        assert not any(word in error["message"] for word in ("int", "dict", "str "))
        (line,) = lines
        assert (line["code"], line["upstream"], line["operation"]) == (code, "shop", operation)
        assert (line["frontend"], line["request_id"], line["fields"]) == ("app", "r-1", 1)
        assert list(line["path"]) == error["path"]
        assert line.get("place", "") == (place or "")
        assert _failures() - before == (code == "UPSTREAM_BAD_REPLY")

    async def test_many_objects_are_one_line(self, engine: str) -> None:
        """As a failing call is."""
        answer, lines = await _run("{ rows { id } }", engine, lambda call: {"page": {"items": [1, 2, 3]}})
        assert len(answer.errors) == 3
        assert [line["fields"] for line in lines] == [3]

    async def test_where_the_call_is_not_known(self, engine: str) -> None:
        """A resolver that called two endpoints, or none: the line says what is known."""
        answer, lines = await _run("{ both { id } own }", engine, lambda call: 42)
        assert [error["extensions"]["requestId"] for error in answer.errors] == ["r-1", "r-1"]
        assert len(lines) == 2
        assert not any("operation" in line for line in lines)


def test_paths_that_lead_nowhere() -> None:
    """Nothing is raised."""
    document = parse("{ row { part { size } } }")
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    origins = Origins(core_schema(SCHEMA), document, operation, tuple)
    assert origins.find(["row", "part", "size"]) == Origin("shop", "row", "part.size")
    assert origins.find(["row", "part", "no", "way"]) == Origin("shop", "row", "part")
    assert origins.find(["no"]) is None
    assert origins.find([]) is None
    assert origins.find(None) is None
