"""The options under `frontends.<name>.upload` in bff.yaml: files that clients send."""

from __future__ import annotations

from pydantic import Field

from connectors.options import Duration, Model, Size


class Upload(Model):
    """Accept files (GraphQL multipart request specification)."""

    max_files: int = Field(default=3, ge=1, le=100)
    """Maximum number of files in one request."""
    max_file_size: Size = Field(default=10_000_000, ge=1)
    """Maximum size of one file."""
    timeout: Duration = Field(default=60.0, gt=0)
    """Maximum time until a request with files has arrived."""
