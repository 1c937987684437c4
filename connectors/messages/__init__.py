"""What connectors that send messages share: templates and JSON text."""
