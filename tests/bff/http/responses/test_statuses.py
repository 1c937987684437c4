"""Statuses and media types over a real socket: as the audit suite wants them, and as the draft of 2026 does."""

from __future__ import annotations

from typing import Any

import pytest

from bff.contract import Answer, Problem
from tests.bff.http.world import open_world

GRAPHQL, JSON = "application/graphql-response+json", "application/json"


def request_error(problem: Problem) -> Answer:
    return problem.refusal("no").answer()


def field_error(data: Any) -> Answer:
    return Answer(data=data, errors=[{"message": "no", "path": ["hello"], "extensions": {"code": "UPSTREAM_FAILED"}}])


@pytest.mark.parametrize(
    ("answer", "classic", "classic_json", "draft"),
    [
        (Answer(data={"hello": "x"}), 200, 200, 200),
        (field_error({"hello": None}), 200, 200, 294),
        (field_error(None), 200, 200, 294),
        (request_error(Problem.GRAPHQL_PARSE_FAILED), 400, 200, 400),
        (request_error(Problem.GRAPHQL_VALIDATION_FAILED), 400, 200, 422),
        (request_error(Problem.OPERATION_NOT_FOUND), 400, 200, 422),
        (request_error(Problem.BAD_USER_INPUT), 400, 200, 422),
        (request_error(Problem.TOO_DEEP), 400, 200, 422),
        (request_error(Problem.PERSISTED_QUERY_NOT_FOUND), 400, 200, 400),
        (request_error(Problem.UNAUTHENTICATED), 401, 401, 401),
        (request_error(Problem.INTERNAL), 500, 500, 500),
    ],
    ids=lambda value: (
        f"{value.errors[0]['extensions']['code']}-{value.data}" if isinstance(value, Answer) and value.errors else ""
    ),
)
async def test_the_status_of_an_answer(answer: Answer, classic: int, classic_json: int, draft: int) -> None:
    """In the draft the media type changes nothing, except that only successes are application/json."""
    for codes, expected in (("classic", (classic, classic_json)), ("draft", (draft, draft))):
        async with open_world(status_codes=codes) as world:
            world.gateway.result = answer
            for accept, status in zip((GRAPHQL, JSON), expected, strict=True):
                posted = await world.post("{ hello }", accept=accept)
                got = await world.client.get(
                    world.url + "/graphql", params={"query": "{ hello }"}, headers={"accept": accept}
                )
                media = GRAPHQL if codes == "draft" and status >= 300 else accept
                for response in (posted, got):
                    assert response.status_code == status
                    assert response.headers["content-type"] == f"{media}; charset=utf-8"
                    assert response.json() == answer.body()
                    assert "etag" not in response.headers or not answer.errors


@pytest.mark.parametrize(
    ("body", "draft"),
    [
        (b"", 400),
        (b"NONSENSE", 400),
        (b'{"query":', 400),
        (b'{"qeury": "{ hello }"}', 422),
        (b'{"query": 1}', 422),
        (b'{"query": "{ hello }", "variables": [7]}', 422),
        (b'{"query": "{ hello }", "operationName": 7}', 422),
        (b'{"query": "{ hello }", "extensions": []}', 422),
        (b"7", 422),
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_the_status_of_what_is_no_request(body: bytes, accept: str, draft: int) -> None:
    """Parameters that are none of GraphQL are 422 in the draft; what cannot be read is 400 in both."""
    for codes, status in (("classic", 400), ("draft", draft)):
        async with open_world(status_codes=codes) as world:
            headers = {"content-type": "application/json", "accept": accept}
            response = await world.client.post(world.url + "/graphql", content=body, headers=headers)
        assert response.status_code == status
        media = GRAPHQL if codes == "draft" else accept
        assert response.headers["content-type"] == f"{media}; charset=utf-8"
        assert "data" not in response.json()


async def test_other_statuses_are_the_same_in_both() -> None:
    """405 with Allow, 406, 415."""
    for codes in ("classic", "draft"):
        async with open_world(status_codes=codes) as world:
            url = world.url + "/graphql"
            wrong_method = await world.client.patch(url)
            assert (wrong_method.status_code, "POST" in wrong_method.headers["allow"]) == (405, True)
            assert (await world.post("{ hello }", accept="image/png")).status_code == 406
            assert (await world.client.post(url, content=b"x", headers={"content-type": "text/xml"})).status_code == 415
            mutation = await world.client.get(url, params={"query": "mutation { change }"})
            assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")
