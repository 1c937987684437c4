"""Responses: from answers to bytes and headers."""
