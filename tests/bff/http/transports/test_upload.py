"""POST with multipart/form-data: which of the guards answers."""

from __future__ import annotations

from typing import Any

import pytest

from bff.contract import UploadLimits
from tests.bff.http.frontends import open_frontends
from tests.bff.http.world import codes

FORM: Any = {
    "operations": (None, '{"query": "{ hello }", "variables": {"file": null}}'),
    "map": (None, '{"0": ["variables.file"]}'),
    "0": ("a.txt", b"x"),
}
PREFLIGHT = {"graphql-preflight": "1"}
LIMITS = UploadLimits(max_files=1, max_file_size=10, timeout=10)


@pytest.mark.parametrize(
    ("limits", "headers", "status", "code"),
    [
        (None, {}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (None, PREFLIGHT, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (LIMITS, {}, 403, "PREFLIGHT_REQUIRED"),
        (LIMITS, {**PREFLIGHT, "accept": "image/png"}, 406, "NOT_ACCEPTABLE"),
    ],
)
async def test_a_form_that_is_refused(
    limits: UploadLimits | None, headers: dict[str, str], status: int, code: str
) -> None:
    """Before its files are read."""
    async with open_frontends({"upload": limits}) as world:
        answer = await world.client.post(f"{world.url}/graphql/web", files=FORM, headers=headers)
        assert (answer.status_code, codes(answer)) == (status, [code])
        assert world.gateway.requests == []


async def test_a_form_that_is_taken() -> None:
    """Its file stands in the variables."""
    async with open_frontends({"upload": LIMITS}) as world:
        answer = await world.client.post(f"{world.url}/graphql/web", files=FORM, headers=PREFLIGHT)
        assert answer.json() == {"data": {"hello": "hello world"}}
        variables = world.gateway.requests[0].variables
        assert variables is not None
        assert variables["file"].name == "a.txt"
