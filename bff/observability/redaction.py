"""Redaction: takes secrets out of log lines, wherever they stand. The one place of the rule; used by `lines`.

A secret is known by the name of its key (in mappings at any depth, lists of headers, query parameters, `name=value` and
`name: value` in texts), by its form (`Bearer ...`, a JWT, the userinfo of a URL), or because bff.yaml contains it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any
from urllib.parse import quote

HIDDEN = "***"
NAMES = (
    "authorization",
    "cookie",
    "token",
    "secret",
    "passw",
    "passphrase",
    "pwd",
    "session",
    "api-key",
    "apikey",
    "private-key",
    "access-key",
    "credential",
    "signature",
    "csrf",
    "jwt",
    "assertion",
)
"""Parts of names whose values are secret. A hyphen also stands for an underscore, a space or nothing."""
MIN_SECRET = 4
"""Shorter values of bff.yaml are not taken out of texts: they would take words apart and hide nothing."""
MAX_TEXT = 16_000
"""Characters of one text; of a longer one, the middle goes."""
MAX_ITEMS, MAX_NESTING = 100, 8

_HINTS = ("bearer", "basic", "digest", "negotiate", "dpop", "eyj", "://", "%3a%2f%2f")
_COUNTS = re.compile(r"(?i)(max|min|count|total|size|length|seconds|ttl|expires)|s$")
"""Names of numbers about secrets, such as max_tokens and session_count."""
_SCHEMES = re.compile(
    r"(?i)\b(bearer|basic|digest|negotiate|dpop)(\s+|%20|\+)"
    r"(?!(?:tokens?|auth\w*|schemes?|credentials?|realm|errors?|challenges?|headers?|is|was|are|or|and|in|required|"
    r"missing|expected|expired|invalid|types?)\b(?![\w.~+/=-]))"
    r"[^\s'\",;<>)\]}]+"
)
_JWT = re.compile(r"\beyJ[\w-]{4,}(?:\.[\w-]*)+")
_USERINFO = re.compile(r"(?i)((?:://|%3a%2f%2f))[^\s/'\"<>]*(@|%40)")
_LINE_VALUES = r"(?:proxy-)?authorization|(?:set-)?cookie2?"
_QUOTED = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?"
_PLAIN = r"[^\s&;,)}\]>\"']+"


class Redactor:
    """Takes secrets out of values. Secrets of bff.yaml, and further names, are added when they become known."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """`names` are further parts of names whose values are secret."""
        self._secrets: tuple[str, ...] = ()
        self._hints: tuple[str, ...] = ()
        self.set_names(names)

    def set_names(self, names: Iterable[str]) -> None:
        """Replace the further names."""
        parts = [re.sub(r"[-_]", "[-_ .]?", name.lower()) for name in (*NAMES, *names)]
        one = "|".join(parts)
        hints = {each for name in (*NAMES, *names) for each in re.split(r"[-_]", name.lower())[:1]}
        self._name_hints = (*_HINTS, *sorted(hints))
        self._names = re.compile(f"(?i){one}")
        self._pairs = re.compile(
            rf"(?i)([\w.-]*(?:{one})[\w.-]*)((?:\\?[\"'])?\]?\s*(?:=>|[:=]|%3d)\s*(?:b(?=[\"']))?)"
            rf"(?:(?<={{)|({_QUOTED}|\\[\"'](?:[^\"'\\]|\\[^\"'])*(?:\\[\"'])?|[\[({{]|{_PLAIN}))"
        )
        self._headers = re.compile(rf"(?im)((?:^|[\s`(])(?:{_LINE_VALUES})\s*:\s*)[^\r\n\[({{][^\r\n]*")
        self._header_items = re.compile(rf"(?i)([\[(]b?[\"'](?:[\w.-]*(?:{one})[\w.-]*)[\"'],\s*b?)({_QUOTED})")
        self._tell_hints()

    def add_secrets(self, secrets: Iterable[str]) -> None:
        """Hide these values wherever they occur, also as they look in a URL. They are never forgotten."""
        forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
        found = {each for each in (*self._secrets, *forms) if len(each) >= MIN_SECRET}
        self._secrets = tuple(sorted(found, key=len, reverse=True))
        self._tell_hints()

    def may_hold_secret(self, text: str) -> bool:
        """Whether it is worth looking closely. False is certain, for text that is written as it is or as JSON."""
        lowered = text.casefold()
        for hint in self._hints:  # noqa: SIM110 - each line of the log comes here, and `any` takes twice as long
            if hint in lowered:
                return True
        return False

    def redact(self, value: Any, depth: int = 0) -> Any:
        """The same value of plain types without its secrets. Texts and containers of any size become bounded ones."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.redact_text(value)
        if depth > MAX_NESTING:
            return "..."
        if isinstance(value, bytes | bytearray | memoryview):
            return self.redact_text(bytes(value[:MAX_TEXT]).decode("utf-8", "backslashreplace"))
        if isinstance(value, Mapping):
            return self._redact_mapping(value, depth)
        if isinstance(value, Sequence | Set):
            return self._redact_items(list(value)[: MAX_ITEMS + 1], depth)
        return self.redact_text(_to_text(value))

    def redact_text(self, text: str) -> str:
        """A text without secrets."""
        if len(text) > MAX_TEXT:
            half = MAX_TEXT // 2
            text = f"{text[:half]} ... ({len(text) - 2 * half} characters) ... {text[-half:]}"
        if not self.may_hold_secret(text):
            return text
        text = self._headers.sub(rf"\1{HIDDEN}", self._hide_known(text))
        text = self._header_items.sub(rf"\1'{HIDDEN}'", text)
        return self._hide_forms(self._pairs.sub(_hide_pair, text))

    def redact_forms(self, text: str) -> str:
        """A text without what has the form of a secret, and without those of bff.yaml; names are not looked at.

        For what is printed to people, where a name and a colon begin a message about an option.
        """
        return self._hide_forms(self._hide_known(text)) if self.may_hold_secret(text) else text

    def _hide_known(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    @staticmethod
    def _hide_forms(text: str) -> str:
        text = _USERINFO.sub(rf"\1{HIDDEN}\2", text)
        text = _SCHEMES.sub(rf"\1\2{HIDDEN}", text)
        return _JWT.sub(HIDDEN, text)

    def is_secret_name(self, name: object, value: object = "") -> bool:
        """Whether the value of this key is hidden; numbers that count something are not."""
        text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
        if not self._names.search(text):
            return False
        return not (isinstance(value, int | float | None) and (value is None or _COUNTS.search(text)))

    def _redact_mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, each in value.items():
            if len(found) == MAX_ITEMS:
                found["..."] = f"{len(value) - MAX_ITEMS} more"
                break
            text = self.redact_text(name if isinstance(name, str) else _to_text(name))
            found[text] = HIDDEN if self.is_secret_name(name, each) else self.redact(each, depth + 1)
        return found

    def _redact_items(self, items: list[Any], depth: int) -> list[Any]:
        if len(items) == 2 and isinstance(items[0], str | bytes) and self.is_secret_name(items[0], items[1]):
            return [self.redact(items[0], depth + 1), HIDDEN]  # a header, as in ASGI
        found = [self.redact(each, depth + 1) for each in items[:MAX_ITEMS]]
        return found if len(items) <= MAX_ITEMS else [*found, "..."]

    def _tell_hints(self) -> None:
        self._hints = (
            *self._name_hints,
            *(form.casefold() for each in self._secrets for form in (each, json.dumps(each, ensure_ascii=False)[1:-1])),
        )


def _hide_pair(match: re.Match[str]) -> str:
    name, between, value = match[1], match[2], match[3]
    if value is None or value in "[({" or value.startswith(HIDDEN):
        return match[0]
    if value.strip("'\"").replace(".", "", 1).isdecimal() and _COUNTS.search(name):
        return match[0]
    opening = next((each for each in ("\\'", '\\"', "'", '"') if value.startswith(each)), "")
    return f"{name}{between}{opening}{HIDDEN}{opening}"


def _to_text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - an author's __str__ may raise anything
        return f"<{type(value).__name__} that cannot be printed>"
