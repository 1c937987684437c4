"""Requests: from the bytes of a body or URL to GraphQL parameters."""
