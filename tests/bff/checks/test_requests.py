"""What frontends choose, compared with what upstreams take."""

from __future__ import annotations

from pathlib import Path

from tests.bff.checks.projects import find
from tests.bff.checks.test_project import QUERY

ITEM = "@strawberry.type\nclass Item:\n    sku: str\n"


def test_inputs_and_enums(tmp_path: Path) -> None:
    """A record for a single value, a single value for a record, values that there are not."""
    schema = (
        "@strawberry.input\nclass Filter:\n    sku: str\n"
        "@strawberry.enum\nclass Color(enum.Enum):\n    RED = 'RED'\n    PINK = 'PINK'\n"
        'it = reviews.query("items(filter: $filter, color: $color)")\none = reviews.query("item(sku: $sku)")\n'
        + ITEM
        + QUERY
        + "    a: list[Item] = via(it, filter=argument(str), color=argument(Color))\n"
        "    b: Item | None = via(one, sku=argument(Filter))\n"
    )
    texts = [each.text for each in find(tmp_path, schema)]
    assert "Query.a: filter is a String, and the input Filter is a record" in texts
    assert 'Query.a: color: the enum Color has no value "PINK" of Color; it has RED, BLUE' in texts
    assert "Query.b: sku is an input with fields, and the scalar ID is a single value" not in texts  # ID may be any
    assert len(texts) == 2
