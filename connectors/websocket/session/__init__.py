"""Session: keeps one websocket open and its subscriptions in force. Used by `connector`."""
