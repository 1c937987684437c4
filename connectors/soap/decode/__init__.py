"""From an HTTP response to plain Python: `reply` is the way in, `elements` holds the decoders of the XSD types."""
