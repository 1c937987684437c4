"""Compile: a selection becomes shapes of steps."""
