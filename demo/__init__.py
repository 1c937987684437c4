"""The shop's upstreams: six real servers, each in its own protocol. They do not import `bff`."""
