"""Subscriptions at the broker, made again after a lost connection: `shared_topic` for all subscribers, and `group`."""
