"""Policies around requests from frontends. One file each."""
