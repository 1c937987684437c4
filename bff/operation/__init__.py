"""One operation on its way: what inbound policies hand on, and the answer that is made of its outcome."""
