"""Measurements: `make bench`. Each prints a ratio against a baseline of the same run."""
