"""Mistakes in schemas, collected and shown together, each with place, reason and next step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class SchemaError(Exception):
    """A frontend's schema cannot work as written.

    `problems` holds one line each, such as `schemas/mobile/product.py:12 Product.price: ...; did you mean "sku"?`.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def suggest_nearest(name: str, names: Iterable[str]) -> str:
    """`did you mean "sku"?`, or the list of what there is."""
    known = sorted(names)
    close = get_close_matches(name, known, n=1)
    return f'did you mean "{close[0]}"?' if close else f"there is {', '.join(known) or 'nothing'}"
