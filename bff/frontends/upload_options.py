"""What bff.yaml says of files that a frontend sends: `frontends.<name>.upload`."""

from __future__ import annotations

from pydantic import Field

from connectors.options import Duration, Model, Size


class Upload(Model):
    """Take files (GraphQL multipart request specification)."""

    most: int = Field(default=3, ge=1, le=100)
    """Most files in one request."""
    size: Size = Field(default=10_000_000, ge=1)
    """Largest file."""
    timeout: Duration = Field(default=60.0, gt=0)
    """How long a request with files may take to arrive."""
