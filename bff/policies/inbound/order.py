"""The policies around an operation, in their order, with the reason for each place. Called by bff.gateway at boot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bff.engine.prepare.queue import PrepareQueue
from bff.frontends.frontend import Frontend
from bff.observability.metrics import OperationCounts
from bff.policies.inbound.authenticate import authenticate
from bff.policies.inbound.documents import documents, persist
from bff.policies.inbound.policy import Policy, Respond
from bff.policies.inbound.prepare import prepare
from bff.policies.inbound.read_only import read_only
from bff.policies.inbound.share import share


@dataclass(frozen=True, slots=True)
class Placed:
    """A policy in its place."""

    name: str
    why: str
    policy: Policy
    needs_head_only: bool = False
    """True for what looks at nothing but the head of a request: transports have it run before they read the rest."""


def inbound(frontend: Frontend, counts: OperationCounts, preparing: PrepareQueue, *, timeout: float) -> list[Placed]:
    """The policies of one frontend that are on, the outermost first. An operation may take `timeout` seconds.

    Unknown documents of all frontends wait in `preparing`.
    """
    placed: list[Placed] = []

    def add(name: str, why: str, policy: Policy, *, needs_head_only: bool = False) -> None:
        placed.append(Placed(name, why, policy, needs_head_only))

    if frontend.identity is not None:
        why = "first, so that no transport and no test goes around it, and nothing is done for a stranger"
        add("authenticate", why, authenticate(frontend.identity), needs_head_only=True)
    why = "before prepare, which needs the text; after authenticate, because a stranger may not try names"
    add("documents", why, documents(frontend.documents))
    why = "before every policy that needs the plan; a document at fault costs nothing that follows"
    add("prepare", why, prepare(frontend.plans, preparing, timeout=timeout, explains=frontend.options.explains))
    add("read only", "needs the plan, which says whether it is a mutation", read_only)
    if frontend.documents.can_persist:
        why = "after prepare and all that refuses, so that only valid documents are kept"
        add("persist", why, persist(frontend.documents))
    if frontend.may_share:
        why = "innermost: each operation was let in, and refused, by itself before one runs for several"
        add("share", why, share(frontend.options.share_across, counts, timeout=timeout))
    return placed


def wrap(respond: Respond, placed: Iterable[Placed]) -> Respond:
    """One function from what runs an operation and the policies around it."""
    for each in reversed(list(placed)):
        respond = each.policy(respond)
    return respond
