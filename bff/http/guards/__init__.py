"""Guards: the checks that a request passes before it reaches the gateway."""
