"""The warehouse over SOAP."""
