"""The shop's upstreams: six real servers, each in its own protocol. They know nothing of the gateway."""
