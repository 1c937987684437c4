"""Reviews over GraphQL."""
