"""Guards: what is checked before a request reaches the gateway."""
