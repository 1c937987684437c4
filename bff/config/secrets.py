"""The secrets of a configuration, so that the log can hide them wherever they occur. Called by bff.app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

from bff.config.settings import Settings
from bff.observability.redaction import Redactor

_BY_NAME = Redactor()


def find_secrets(settings: Settings) -> frozenset[str]:
    """API keys, passwords, tokens and secret headers of all sections, and the passwords within URLs."""
    return frozenset(_walk(settings, is_secret=False))


def _walk(value: object, *, is_secret: bool) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield from _parts(value.get_secret_value())
    elif isinstance(value, SecretBytes):
        yield from _parts(value.get_secret_value().decode("latin-1"))
    elif isinstance(value, str):
        yield from (value,) if is_secret else _passwords(value)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name), is_secret=False)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _walk(getattr(value, field.name), is_secret=False)
    elif isinstance(value, Mapping):  # free ones, such as SOAP headers, may hold secrets under their usual names
        for key, each in value.items():
            yield from _walk(each, is_secret=is_secret or _BY_NAME.is_secret_name(key))
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for each in value:
            yield from _walk(each, is_secret=is_secret)


def _parts(secret: str) -> Iterator[str]:
    """The secret, and what follows a scheme such as Bearer."""
    yield secret
    scheme, space, rest = secret.partition(" ")
    if space and scheme.isalpha():
        yield rest.strip()
    yield from _passwords(secret)


def _passwords(text: str) -> Iterator[str]:
    """The password of a URL, as it is written and as it is meant."""
    if "://" not in text or "@" not in text:
        return
    try:
        password = urlsplit(text).password
    except ValueError:
        return
    if password:
        yield from {password, unquote(password)}
