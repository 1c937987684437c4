"""Who sends a request: identity providers, each in its file, and the chain of one frontend."""
