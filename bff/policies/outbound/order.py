"""The policies around an upstream, in their order, with the reason for each place. Called by bff.upstreams at boot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bff.policies.outbound.breaker import breaker
from bff.policies.outbound.cache import cache
from bff.policies.outbound.cache_store import HttpCache
from bff.policies.outbound.concurrency import concurrency
from bff.policies.outbound.deadline import deadline
from bff.policies.outbound.headers import headers
from bff.policies.outbound.options import Options
from bff.policies.outbound.policy import Policy, Send
from bff.policies.outbound.rate import rate
from bff.policies.outbound.retry import retry
from bff.policies.outbound.share import share
from connectors.aio.clock import SYSTEM_CLOCK, Clock


@dataclass(frozen=True, slots=True)
class Placed:
    """A policy in its place."""

    name: str
    why: str
    policy: Policy
    needs_reply: bool = False
    """True for what is of no use around publishing, where nothing is answered that could be used twice."""


def outbound(options: Options, *, clock: Clock = SYSTEM_CLOCK, connector_keeps_deadlines: bool = False) -> list[Placed]:
    """The policies that are on, the outermost first. Each holds the state of one upstream, however often it wraps.

    With a connector that keeps deadlines, a deadline costs no timer where no policy further in waits.
    """
    placed: list[Placed] = []
    is_kept = connector_keeps_deadlines and not (options.retry or options.concurrency or options.rate)

    def add(name: str, why: str, policy: Policy, *, needs_reply: bool = False) -> None:
        placed.append(Placed(name, why, policy, needs_reply))

    if options.forward or options.headers:
        why = "first, because the keys of cache and sharing must hold every header that will be sent"
        add("headers", why, headers(options.forward, list_fixed_headers(options)))
    if options.cache:
        why = "before everything that costs; a kept reply needs no turn and no upstream that works"
        add("cache", why, cache(HttpCache(options.max_cache_size), clock), needs_reply=True)
    if options.share:
        why = "identical calls are one call, which is timed, repeated and limited once"
        add("share", why, share(clock), needs_reply=True)
    why = "bounds all attempts, pauses and waits together"
    add("deadline", why, deadline(options.timeout, clock, is_kept=is_kept))
    if options.retry:
        add("retry", "inside the deadline, around everything that may fail and pass", retry(options.retry, clock))
    if options.concurrency:
        why = "each attempt takes a turn, and gives it back while it pauses before the next"
        add("concurrency", why, concurrency(options.concurrency, options.max_queue))
    if options.rate:
        add("rate", "after waiting for a turn, so that calls cannot bunch up behind it", rate(options.rate, clock))
    if options.breaker:
        patience = min(options.timeout, options.attempt_timeout or options.timeout)
        why = "sees every attempt and nothing that we refuse ourselves; opens between two attempts too"
        add("breaker", why, breaker(options.breaker, clock, patience=patience))
    if options.attempt_timeout:
        why = "innermost, so that it times the upstream alone and the breaker counts it"
        add("attempt timeout", why, deadline(options.attempt_timeout, clock, is_kept=connector_keeps_deadlines))
    return placed


def list_fixed_headers(options: Options) -> dict[str, str]:
    """The headers that bff.yaml sets, in the clear."""
    return {name: value.get_secret_value() for name, value in options.headers.items()}


def wrap(send: Send, placed: Iterable[Placed]) -> Send:
    """One function from a connector's `send` and the policies around it."""
    for each in reversed(list(placed)):
        send = each.policy(send)
    return send
