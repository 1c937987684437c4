"""Orders over a message queue."""
