"""Observability: what the gateway tells of itself."""
