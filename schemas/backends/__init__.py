"""One file per upstream: what it offers, with names for all frontends. Addresses are in bff.yaml."""
