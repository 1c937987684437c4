"""The schema of a GraphQL upstream as a Description."""

from __future__ import annotations

from pathlib import Path

from connectors import graphql
from connectors.descriptions import follow_path
from connectors.graphql.connector import connect
from connectors.graphql.options import Options
from tests.bff.checks.projects import SDL


async def test_variables_selections_and_types(tmp_path: Path) -> None:
    """With the author's types a field that the schema does not show is only a doubt."""
    (tmp_path / "a.graphql").write_text(SDL)
    connector = connect("reviews", Options(address="http://127.0.0.1:1/", schema=tmp_path / "a.graphql"))
    description = await connector.describe()
    await connector.close()
    assert description is not None
    items = graphql("reviews").query("items(filter: $filter)").operation
    assert description.check_request(items).parameters["filter"].name == "the input Filter"
    assert follow_path(description.describe_reply(items, is_batch=False), ("0", "color")).values == ("RED", "BLUE")
    hidden = graphql("reviews").query("secret(id: $id)", types={"id": "ID!"}).operation
    assert description.check_request(hidden).problems == ()
    assert len(description.check_request(hidden).doubts) == 1
    assert description.describe_reply(hidden, is_batch=False).is_anything
