"""Encode: calls as the GraphQL document and variables of one request. Used by `connector` and `endpoints`."""
