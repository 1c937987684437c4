"""The HTTP server: uvicorn with our own protocols."""
