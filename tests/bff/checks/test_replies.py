"""What schemas read of replies: a nullable field may be missing in some replies, not in all."""

from __future__ import annotations

from pathlib import Path

from tests.bff.checks.projects import find
from tests.bff.checks.test_project import QUERY

PRICED = "@strawberry.type\nclass Item:\n    sku: str\n    price: int | None\n"
FIND = 'it = prices.unary("shop.Shop/Find", {"sku": "{sku}"}, at="items.0")\n'
USE = "    item: Item | None = via(it, sku=argument(str))\n"


def test_a_field_that_another_source_may_fill(tmp_path: Path) -> None:
    """An upstream without a description, or a resolver."""
    other = 'more = catalog.get("/more")\n'
    assert [each.code for each in find(tmp_path / "a", FIND + PRICED + QUERY + USE)] == ["reply"]
    assert find(tmp_path / "b", FIND + other + PRICED + QUERY + USE + "    more: list[Item] = via(more)\n") == []
    resolver = "    @strawberry.field\n    def mine(self) -> Item:\n        return Item(sku='', price=1)\n"
    assert find(tmp_path / "c", FIND + PRICED + QUERY + USE + resolver) == []


def test_a_default_is_meant(tmp_path: Path) -> None:
    """A field with a default may be missing."""
    assert find(tmp_path, FIND + PRICED.replace("int | None", "int = 0") + QUERY + USE) == []


def test_a_single_value_where_a_record_is_wanted(tmp_path: Path) -> None:
    """And paths through lists."""
    wrong = FIND.replace("items.0", "items[].sku")
    found = find(tmp_path / "a", wrong + PRICED + QUERY + "    items: list[Item] = via(it, sku=argument(str))\n")
    assert "is a single value, and Item has fields" in found[0].text
    names = FIND.replace("items.0", "items[].maker.name")
    assert find(tmp_path / "b", names + QUERY + "    names: list[str] = via(it, sku=argument(str))\n") == []
