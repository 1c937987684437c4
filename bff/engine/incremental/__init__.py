"""Incremental delivery: @defer and @stream."""
