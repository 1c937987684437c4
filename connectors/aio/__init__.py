"""Waiting, written once: single flight, time limits, semaphores, bounded queues. Does not know calls or GraphQL."""
