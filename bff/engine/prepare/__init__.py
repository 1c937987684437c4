"""Prepare: a document becomes a checked plan."""
