"""The HTTP server that plays the upstream."""

from __future__ import annotations

from tests.connectors.soap.books import http

__all__ = ["http"]
