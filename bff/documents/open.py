"""Makes the Documents of a frontend from its options: reads and prepares its manifest, chooses its store."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from bff.authoring import SchemaError
from bff.contract import Refused
from bff.documents.documents import Documents
from bff.documents.manifest import read_manifest
from bff.documents.options import Documents as Options
from bff.documents.store import MemoryStore, Store
from bff.engine.prepare.plan import Invalid, Plans


def open_documents(name: str, options: Options, plans: Plans) -> Documents:
    """The documents of the frontend `name`, those of its manifest prepared in `plans`. Raises SchemaError."""
    trusted = _prepare_manifest(options, plans)
    return Documents(
        trusted, trusted_only=options.trusted_only, store=_open_store(name, options) if options.persisted else None
    )


def _prepare_manifest(options: Options, plans: Plans) -> Mapping[str, str]:
    if options.manifest is None:
        return {}
    found = read_manifest(options.manifest)
    problems: list[str] = []
    for each in found:
        place = f"{options.manifest}: operation {each.name or each.id}"
        try:
            plans.keep(each.text, each.name)
        except Refused as refused:
            problems.append(f"{place}: {refused.message}")
        except Invalid as invalid:
            problems += [f"{place}: {error.message}" for error in invalid.errors]
    if problems:
        raise SchemaError(problems)
    return {each.id: each.text for each in found}


def _open_store(name: str, options: Options) -> Store:
    memory = MemoryStore(max_entries=options.max_entries, max_size=options.max_size)
    if options.store is None:
        return memory
    try:
        redis = import_module("bff.documents.redis_store")
    except ModuleNotFoundError as missing:
        message = f"documents.store needs the package {missing.name}; install it with: pip install 'bff-gateway[redis]'"
        raise SchemaError([message]) from missing
    try:
        store: Store = redis.RedisStore(options.store.get_secret_value(), name, memory, ttl=options.ttl)
    except ValueError as error:
        raise SchemaError(["documents.store is not a Redis URL; write it like redis://host:6379/0"]) from error
    return store
