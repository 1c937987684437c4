"""What product developers write with: `take`, `via`, `computed`, `argument` on fields; `frontend` for the schema.

`cost` and `list_size` say what a field costs, `constraint` what an argument's value must be.
"""

from strawberry.file_uploads import Upload

from bff.authoring.caching import cache_control
from bff.authoring.computed import computed
from bff.authoring.constraints import constraint
from bff.authoring.context import Context
from bff.authoring.discriminators import adopts
from bff.authoring.fields import argument, take, via
from bff.authoring.frontend import FrontendSchema, example, frontend
from bff.authoring.inputs import replace
from bff.authoring.keys import constant, key
from bff.authoring.problems import SchemaError
from bff.authoring.upstream_types import upstream_type
from bff.authoring.weights import cost, list_size

__all__ = [
    "Context",
    "FrontendSchema",
    "SchemaError",
    "Upload",
    "adopts",
    "argument",
    "cache_control",
    "computed",
    "constant",
    "constraint",
    "cost",
    "example",
    "frontend",
    "key",
    "list_size",
    "replace",
    "take",
    "upstream_type",
    "via",
]
