"""The engine: from a document to a checked plan, and from a plan to an answer."""
