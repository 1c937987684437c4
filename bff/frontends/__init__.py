"""Frontends: whose schema answers a request."""
