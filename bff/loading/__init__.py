"""Loading: asks of one request become few calls."""
