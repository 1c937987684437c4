"""Adapters: the engine behind the signatures of graphql-core and strawberry."""
