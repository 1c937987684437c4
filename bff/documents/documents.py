"""Documents that requests may name instead of carrying: persisted by clients, or trusted by a manifest.

Called by the gateway, for every transport. Protocols: Apollo's automatic persisted queries, Relay's persisted queries,
and `documentId` of GraphQL over HTTP, `Persisted Documents`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from msgspec.structs import replace

from bff.contract import Problem, Refused, Request
from bff.documents.store import Store

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Documents:
    """What one frontend knows by name."""

    def __init__(self, trusted: Mapping[str, str], *, trusted_only: bool = False, store: Store | None = None) -> None:
        """`trusted` are texts by id; `trusted_only` refuses all others; `store` holds what clients persist, if any."""
        self._trusted = {_strip_prefix(key): text for key, text in trusted.items()}
        self.trusted_only = trusted_only
        """Whether a request's own text is never run."""
        self._store = store
        self.can_persist = store is not None
        """Whether clients may have documents kept."""

    async def find_document(self, request: Request) -> Request:
        """The request with its document in `query`. Raises Refused when it names none that may be run."""
        if self.trusted_only:
            return self._find_trusted(request)
        sha = _get_hash(request)
        if request.query:
            if (
                self._store is not None
                and sha is not None
                and hashlib.sha256(request.query.encode()).hexdigest() != sha
            ):
                raise Problem.PERSISTED_QUERY_MISMATCH.refusal(
                    "`sha256Hash` is not the SHA-256 of `query`, in lower case."
                )
            return request
        if request.document_id is None and sha is None:
            return request  # it has no document at all, which the parser tells best
        for name in _list_names(request.document_id, sha):
            text = await self._load_text(name)
            if text is not None:
                return _with_text(request, text)
        raise self._refuse_unknown(by_hash=sha is not None)

    async def persist_document(self, request: Request) -> None:
        """Remember the document of a valid request, if the client asks for that."""
        if self._store is not None and request.query and (sha := _get_hash(request)) is not None:
            await self._store.put(sha, request.query)

    async def close(self) -> None:
        """Give back what the store holds."""
        if self._store is not None:
            await self._store.close()

    def _find_trusted(self, request: Request) -> Request:
        """By id alone: a text that the request brings is not looked at, so that every refusal is the same."""
        for name in _list_names(request.document_id, _get_hash(request)):
            if name in self._trusted:
                return _with_text(request, self._trusted[name])
        raise Problem.DOCUMENT_NOT_TRUSTED.refusal(
            "This frontend runs only documents that it knows, request for by their id."
        )

    async def _load_text(self, name: str) -> str | None:
        text = self._trusted.get(name)
        if text is None and self._store is not None and _SHA256.fullmatch(name):
            return await self._store.get(name)
        return text

    def _refuse_unknown(self, *, by_hash: bool) -> Refused:
        """The words of Apollo's protocol for hashes, because its clients look for them."""
        if not by_hash:
            message = "There is no document of this id; send the document itself in `query`."
            return Problem.DOCUMENT_NOT_FOUND.refusal(message)
        if self._store is None and not self._trusted:
            return Problem.PERSISTED_QUERY_NOT_SUPPORTED.refusal("PersistedQueryNotSupported")
        return Problem.PERSISTED_QUERY_NOT_FOUND.refusal("PersistedQueryNotFound")


def _with_text(request: Request, text: str) -> Request:
    """The request as if it carried its document: what is not sent by the client is not kept for it either."""
    extensions = {name: value for name, value in request.extensions.items() if name != "persistedQuery"}
    return replace(request, query=text, extensions=extensions)


def _get_hash(request: Request) -> str | None:
    """What `extensions.persistedQuery` names: a SHA-256, or any id of a manifest. Raises Refused."""
    match request.extensions.get("persistedQuery"):
        case None:
            return None
        case {"version": 1, "sha256Hash": str(sha)}:
            return sha
    raise Problem.BAD_REQUEST.refusal('`extensions.persistedQuery` must be {"version": 1, "sha256Hash": "..."}.')


def _list_names(*given: str | None) -> list[str]:
    return [_strip_prefix(each) for each in given if each is not None]


def _strip_prefix(name: str) -> str:
    """An id without the prefix that says it is a hash (GraphQL over HTTP, `Document Identifier`)."""
    return name.removeprefix("sha256:")
