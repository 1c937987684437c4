"""One file per upstream: what it offers, named for everyone who writes a frontend. Addresses are in bff.yaml."""
