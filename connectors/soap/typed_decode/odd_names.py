"""Whether a reply has names that its types do not know: readers of records skip those, and losses must not go unseen.

A reply with odd names is read as plain Python the first time, which finds what is lost, if anything is. Later replies
with the same odd names are read as records, and the same losses are reported for them. Used by `reply`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise

from connectors.contract import Operation
from connectors.forms import Unfit
from connectors.reports import report_loss
from connectors.soap.decode.anything import strip_namespace
from connectors.soap.decode.elements import RecordDecoder

Losses = tuple[tuple[str, str], ...]
"""What was left out and its place, for each."""

_find_tags = re.compile(rb"<([^\s/>!?]+)").findall
_MAX_KNOWN = 2_000
_MAX_ALTERNATIVES = 60
_MAX_COMBINATIONS = 100
_QUOTES = (b'"', b"'")
_MAX_LOSSES = 1_000
_USUAL_ELEMENTS = ("Envelope", "Header", "Body")
_USUAL_ATTRIBUTES = (
    *("type", "nil", "schemaLocation", "noNamespaceSchemaLocation", "encodingStyle", "mustUnderstand", "actor", "role"),
    *("id", "href", "lang", "space", "version", "encoding", "standalone", "arrayType"),
)
_found: ContextVar[list[tuple[str, str]] | None] = ContextVar("losses of a reply", default=None)


def note_loss(what: str, place: str) -> None:
    """What decoders call for each loss: it is kept for the reply that is being decoded."""
    found = _found.get()
    if found is not None and len(found) < _MAX_LOSSES:
        found.append((what, place))


def report_losses(operation: Operation, losses: Iterable[tuple[str, str]]) -> None:
    """Report the losses of one reply, by kind."""
    by_kind: dict[str, list[str]] = {}
    for what, place in losses:
        by_kind.setdefault(what, []).append(place)
    for what, places in by_kind.items():
        named = ", ".join(dict.fromkeys(each[:80] for each in places))
        report_loss(operation, what, len(places), f"{what.replace('_', ' ')}: {named[:300]}")


@contextmanager
def collect_losses() -> Iterator[list[tuple[str, str]]]:
    """Collect what decoders note in this context."""
    found: list[tuple[str, str]] = []
    token = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(token)


class OddNames:
    """The names that the replies of one operation may have, and the odd ones that came so far."""

    def __init__(self, decoder: RecordDecoder, output: str) -> None:
        self._decoder = decoder
        self._output = output
        self._elements: frozenset[str] = frozenset()
        self._attributes: frozenset[str] = frozenset()
        self._known: set[bytes] = set()
        """Tags as they are written, with their prefixes."""
        self._find_odd_tag: Callable[[bytes], re.Match[bytes] | None] | None = None
        """Searches for another tag than the known ones: three times as fast as listing all."""
        self._losses: dict[frozenset[bytes], Losses] = {}

    def find_losses(self, content: bytes) -> Losses:
        """Find the losses of a reply that is read as records. Raises Unfit where they are not known yet."""
        odd = self.find(content)
        losses = self._losses.get(odd) if odd else ()
        if losses is None:
            raise Unfit
        return losses

    def learn(self, content: bytes, losses: list[tuple[str, str]]) -> None:
        """Keep what the plain reading of a reply noted."""
        odd = self.find(content)
        if odd and len(self._losses) < _MAX_COMBINATIONS:
            self._losses[odd] = tuple(losses)

    def find(self, content: bytes) -> frozenset[bytes]:
        """The odd names of a reply in UTF-8."""
        if not self._elements:
            self._list_names()
        odd: set[bytes] = set()
        if self._find_odd_tag is None or self._find_odd_tag(content) is not None:
            known = len(self._known)
            odd.update(tag for tag in set(_find_tags(content)) - self._known if not self._is_known(tag))
            if known < len(self._known) <= _MAX_ALTERNATIVES:
                names = b"|".join(map(re.escape, self._known))
                self._find_odd_tag = re.compile(rb"<(?![/!?]|(?:" + names + rb")[\s/>])").search
        for name in _list_attribute_names(content):
            local = name.rpartition(b":")[2].decode("utf-8", "replace")
            if not name.startswith(b"xmlns") and local not in self._attributes:
                odd.add(b"@" + name[:100])
        return frozenset(odd)

    def _is_known(self, tag: bytes) -> bool:
        if tag.rpartition(b":")[2].decode("utf-8", "replace") not in self._elements:
            return False
        if len(self._known) < _MAX_KNOWN:
            self._known.add(tag)
        return True

    def _list_names(self) -> None:
        tags, attributes = {self._output}, set(_USUAL_ATTRIBUTES)
        decoders, seen = [self._decoder], {id(self._decoder)}
        while decoders:
            decoder = decoders.pop()
            tags.update(decoder.fields)
            attributes.update(strip_namespace(tag) for _, tag, _ in decoder.attributes)
            for field in decoder.fields.values():
                if isinstance(field.read, RecordDecoder) and id(field.read) not in seen:
                    seen.add(id(field.read))
                    decoders.append(field.read)
        self._attributes = frozenset(attributes)
        self._elements = frozenset((*map(strip_namespace, tags), *_USUAL_ELEMENTS))


def _list_attribute_names(content: bytes) -> set[bytes]:
    """The names of attributes: what stands in a tag, before an equals sign and a quote."""
    pieces = content.split(b"=") if b"=" in content else []
    before = [
        piece[-100:]
        for piece, following in pairwise(pieces)
        if following[:1] in _QUOTES or (following[:1].isspace() and following[:20].lstrip()[:1] in _QUOTES)
    ]
    tails = (piece[piece.rfind(b"<") + 1 :] for piece in before)
    return {tail.rsplit(None, 1)[-1] for tail in tails if b">" not in tail and tail.strip()}
