"""The gateway: one operation, from its request to its answer."""
