"""The shop's schemas: one package per frontend, `backends` for the upstreams they read from."""
