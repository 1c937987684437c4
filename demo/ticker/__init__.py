"""Live prices over a raw websocket."""
