"""One operation: the object that inbound policies pass on, and the answer to its outcome."""
