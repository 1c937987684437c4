"""The gateway: one GraphQL schema per frontend, over upstreams of any protocol. Knows no product and no protocol."""
