"""What product developers write with: `take`, `via`, `computed`, `argument` on fields; `frontend` for the schema."""

from strawberry.file_uploads import Upload

from bff.authoring.caching import cache_control
from bff.authoring.computed import computed
from bff.authoring.context import Context
from bff.authoring.fields import argument, take, via
from bff.authoring.frontend import FrontendSchema, example, frontend
from bff.authoring.problems import SchemaError

__all__ = [
    "Context",
    "FrontendSchema",
    "SchemaError",
    "Upload",
    "argument",
    "cache_control",
    "computed",
    "example",
    "frontend",
    "take",
    "via",
]
