"""The policy for transports that may only read."""

from __future__ import annotations

import pytest

from bff.contract import Refused
from bff.policies.inbound.read_only import read_only
from tests.bff.policies.inbound.world import ANSWER, Rest, app, prepared

APP = app()


async def test_a_mutation_is_refused_where_the_transport_only_reads() -> None:
    """With 405 and the method that takes it."""
    rest = Rest()
    with pytest.raises(Refused) as refused:
        await read_only(rest)(prepared(APP, "mutation { change }", no_mutations=True))
    assert (refused.value.code, refused.value.status) == ("METHOD_NOT_ALLOWED", 405)
    assert refused.value.headers == {"allow": "POST"}
    assert rest.operations == []


@pytest.mark.parametrize(
    ("query", "no_mutations"), [("{ hello }", True), ("{ hello }", False), ("mutation { change }", False)]
)
async def test_all_else_passes(query: str, no_mutations: bool) -> None:
    """Queries everywhere, mutations by POST."""
    assert await read_only(Rest())(prepared(APP, query, no_mutations=no_mutations)) is ANSWER
