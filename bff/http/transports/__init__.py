"""Transports: one file for each way in which GraphQL travels over HTTP and websockets."""
