"""What connectors that keep a connection open share: fan-out to subscribers, deadlines, reconnecting."""
