"""Worlds that tests of several rooms share."""
