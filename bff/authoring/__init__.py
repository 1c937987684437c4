"""What product developers write with: `take`, `via`, `computed`, `argument` on fields; `frontend` for the schema.

`cost` and `list_size` say what a field costs.
"""

from bff.authoring.computed import computed
from bff.authoring.context import Context
from bff.authoring.fields import argument, take, via
from bff.authoring.frontend import FrontendSchema, example, frontend
from bff.authoring.problems import SchemaError
from bff.authoring.weights import cost, list_size

__all__ = [
    "Context",
    "FrontendSchema",
    "SchemaError",
    "argument",
    "computed",
    "cost",
    "example",
    "frontend",
    "list_size",
    "take",
    "via",
]
