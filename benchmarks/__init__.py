"""Measurements: `make bench`. Every figure is a ratio within one run, so that this machine's speed cancels out."""
