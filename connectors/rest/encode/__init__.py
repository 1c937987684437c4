"""Encode: one call as the URL, header fields and body of an HTTP request. Used by `operations`."""
