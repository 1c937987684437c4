"""Pricing over gRPC."""
