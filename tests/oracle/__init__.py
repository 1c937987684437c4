"""graphql-core's own tests, run against our engine."""
