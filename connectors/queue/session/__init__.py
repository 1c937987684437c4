"""Subscriptions at the broker, repeated after a lost connection: `shared_topic` for all subscribers, and `group`."""
