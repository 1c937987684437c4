"""The engine: from a document to a checked plan, and from a plan to an answer.

It also runs alone, over any graphql-core schema, with graphql-core's own functions and signatures (docs/engine.md).
"""

from bff.engine.adapters.executor import SetExecutor, StrawberryExecutor
from bff.engine.adapters.standalone import execute, execute_sync, experimental_execute_incrementally, subscribe

__all__ = [
    "SetExecutor",
    "StrawberryExecutor",
    "execute",
    "execute_sync",
    "experimental_execute_incrementally",
    "subscribe",
]
