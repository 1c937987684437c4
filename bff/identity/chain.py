"""The identity providers of one frontend, tried in the order in which its `identity` lists them."""

from __future__ import annotations

from collections.abc import Sequence

from bff.contract import ANONYMOUS, Caller, Problem, Refused, Request
from bff.identity.provider import MISSING, UNKNOWN, IdentityProvider, InvalidCredential
from bff.observability.metrics import count_identity


class IdentityChain:
    """Finds the caller of a request: by the first provider whose credential the request carries.

    A credential that is not valid is refused, and never taken for none at all.
    """

    def __init__(self, providers: Sequence[IdentityProvider], *, allows_anonymous: bool = False) -> None:
        """`allows_anonymous`: a request without a credential is let in as ANONYMOUS."""
        assert providers
        self._providers = tuple(providers)
        self._allows_anonymous = allows_anonymous

    @property
    def headers(self) -> frozenset[str]:
        """The request headers, in lower case, that pages of other sites and `connection_init` may set."""
        return frozenset[str]().union(*(provider.headers for provider in self._providers))

    def find(self, head: Request) -> Caller | None:
        """The caller, if it is known without waiting; else None, and `identify` says.

        Raises Refused if there is no credential and there must be one.
        """
        for provider in self._providers:
            found = provider.find(head)
            if found is UNKNOWN:
                return None
            if found is not MISSING:
                return found
        if self._allows_anonymous:
            return ANONYMOUS
        raise self._refuse_missing()

    async def identify(self, head: Request) -> Caller:
        """The caller.

        Raises Refused: UNAUTHENTICATED for no credential, INVALID_CREDENTIAL or CREDENTIAL_EXPIRED for one at fault.
        """
        foreign: Refused | None = None
        for provider in self._providers:
            found = provider.find(head)
            if found is MISSING:
                continue
            try:
                caller = await provider.identify(head) if found is UNKNOWN else found
            except InvalidCredential as invalid:
                refusal = _refuse_invalid(provider, invalid)
                if not invalid.is_foreign:
                    count_identity(provider.name, "invalid")
                    raise refusal from invalid
                foreign = foreign or refusal
                continue
            count_identity(provider.name, "valid")
            return caller
        if foreign is not None:
            count_identity(self._providers[0].name, "invalid")
            raise foreign
        if self._allows_anonymous:
            return ANONYMOUS
        raise self._refuse_missing()

    def _refuse_missing(self) -> Refused:
        count_identity(self._providers[0].name, "missing")
        advice = ", or ".join(dict.fromkeys(provider.advice for provider in self._providers))
        challenges = ", ".join(dict.fromkeys(provider.challenge() for provider in self._providers))
        return Problem.UNAUTHENTICATED.refusal(f"This frontend needs {advice}.", www_authenticate=challenges)


def _refuse_invalid(provider: IdentityProvider, invalid: InvalidCredential) -> Refused:
    problem = Problem.CREDENTIAL_EXPIRED if invalid.is_expired else Problem.INVALID_CREDENTIAL
    return problem.refusal(str(invalid), www_authenticate=provider.challenge(str(invalid)))
