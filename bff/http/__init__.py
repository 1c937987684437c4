"""The HTTP room: bytes become Requests, Answers become bytes. Plain ASGI 3, no framework."""
