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


@pytest.mark.parametrize("port", ["no", "0", "65536", "-1", "6379x"])
def test_the_port_of_the_store_is_a_number(port: str) -> None:
    """The error does not repeat the URL, which may have a password."""
    with pytest.raises(ValidationError, match="a port that is no number from 1 to 65535") as refused:
        DocumentOptions.model_validate({"persisted": True, "store": f"redis://u:secret@h:{port}/0"})
    assert "secret" not in refused.value.errors()[0]["msg"]
