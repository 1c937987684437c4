"""The patterns and formats of `@constraint`. Patterns are matched in linear time, by Rust's regex."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address

from pydantic_core import SchemaError, SchemaValidator, core_schema

Matches = Callable[[str], bool]
"""Whether a text fits."""
MAX_ADDRESS = 254
"""Characters of an e-mail address (RFC 5321) and of a host name (RFC 1035)."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def compile_pattern(pattern: str) -> Matches:
    """Searches the pattern in a text, in time linear to its length. Raises ValueError with the reason.

    Look-around and backreferences, which no engine matches in linear time, are refused.
    """
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError as error:
        raise ValueError(str(error).strip().splitlines()[-1].strip().removeprefix("error: ")) from error
    return validator.isinstance_python


def _limit_length(matches: Matches) -> Matches:
    return lambda text: len(text) <= MAX_ADDRESS and matches(text)


def _parses(parse: Callable[[str], object], shape: str) -> Matches:
    """Whether a text has the shape, and the parser of the standard library takes it."""
    has_shape = compile_pattern(shape)

    def matches(text: str) -> bool:
        try:
            return has_shape(text) and parse(text) is not None
        except ValueError:
            return False

    return matches


FORMATS: Mapping[str, Matches] = {
    "email": _limit_length(compile_pattern(rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*$")),
    "url": compile_pattern(
        rf"^https?://(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?$"
    ),
    "uuid": compile_pattern(r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"),
    "hostname": _limit_length(compile_pattern(rf"^{_LABEL}(?:\.{_LABEL})*$")),
    "ipv4": _parses(IPv4Address, r"^[0-9.]{7,15}$"),
    "ipv6": _parses(IPv6Address, r"^[0-9A-Fa-f:.]{2,45}$"),
    "date": _parses(date.fromisoformat, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    "date-time": _parses(
        lambda text: datetime.fromisoformat(text.upper()),
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$",
    ),
}
"""`email` as HTML's input field has it, `url` of http and https without credentials, the others as in JSON Schema."""
