"""Options of documents that do not fit together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bff.documents.options import Documents as DocumentOptions


@pytest.mark.parametrize(
    "options",
    [
        {"trusted_only": True},
        {"trusted_only": True, "persisted": True, "manifest": "x"},
        {"store": "redis://127.0.0.1"},
        {"persisted": True, "store": "memcached://127.0.0.1"},
    ],
)
def test_options_that_do_not_fit_together(options: dict[str, Any]) -> None:
    """Are told before anything runs."""
    with pytest.raises(ValidationError):
        DocumentOptions.model_validate(options)
