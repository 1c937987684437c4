"""The public names of the package."""

from __future__ import annotations

from pathlib import Path

import pytest

import bff


def test_the_package_has_no_other_names() -> None:
    """And mistakes in bff.yaml are raised where it is made."""
    with pytest.raises(AttributeError, match="connected"):
        bff.connected  # noqa: B018
    assert callable(bff.connect)
    with pytest.raises(Exception, match=r"missing\.yaml"):
        bff.asgi(Path("missing.yaml"))
