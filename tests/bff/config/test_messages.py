"""Unknown keys: the nearest name of the same place, and the new name of a renamed key."""

from __future__ import annotations

import pytest

from bff.config.messages import explain_unknown_key
from tests.bff.config.conftest import Problems

RENAMED = [
    ("server: {max_body: 1MB}", "max_body_size"),
    ("server: {compression: {above: 10}}", "min_size"),
    ("server: {subscriptions: {slow: wait}}", "overflow"),
    ("server: {subscriptions: {most: 3}}", "max_operations"),
    ("server: {subscriptions: {streams: 3}}", "max_streams"),
    ("frontends: {a: {schema: a, limits: {time: 3s}}}", "timeout"),
    ("frontends: {a: {schema: a, limits: {response: 3kB}}}", "max_response_size"),
    ("frontends: {a: {schema: a, limits: {variables: 3kB}}}", "max_variables_size"),
    *((f"frontends: {{a: {{schema: a, limits: {{{key}: 3}}}}}}", f"max_{key}")
      for key in ("tokens", "depth", "fields", "aliases", "root_fields", "directives", "cost", "calls")),
    ("frontends: {a: {schema: a, documents: {most: 3}}}", "max_entries"),
    ("frontends: {a: {schema: a, documents: {most_bytes: 3}}}", "max_size"),
    ("frontends: {a: {schema: a, documents: {only: true}}}", "trusted_only"),
    ("frontends: {a: {schema: a, batch: {most: 3}}}", "max_operations"),
    ("frontends: {a: {schema: a, upload: {most: 3}}}", "max_files"),
    ("frontends: {a: {schema: a, upload: {size: 3}}}", "max_file_size"),
    ("frontends: {a: {schema: a, cors: {origins: [x]}}}", "allow_origins"),
    ("frontends: {a: {schema: a, cors: {credentials: true}}}", "allow_credentials"),
    ("frontends: {a: {schema: a, cors: {headers: [x]}}}", "allow_headers"),
    *((f"upstreams: {{a: {{rest: 'http://h', {key}}}}}", new) for key, new in (
        ("retry: {first: 1s}", "initial_delay"), ("retry: {most: 1s}", "max_delay"),
        ("breaker: {failures: 3}", "consecutive_failures"), ("waiting: 3", "max_queue"),
        ("cache_size: 3MB", "max_cache_size"), ("window: 1ms", "batch_window"), ("max_reply: 1MB", "max_reply_size"),
        ("connections: 3", "max_connections"))),
    ("upstreams: {a: {graphql: 'http://h', introspect: false}}", "introspection"),
    ("upstreams: {a: {graphql: 'http://h', subscriptions: 'ws://h'}}", "subscription_url"),
    ("upstreams: {a: {grpc: 'h:1', reflection: true, keepalive: 3s}}", "keepalive_interval"),
    *((f"upstreams: {{a: {{websocket: 'ws://h', {key}}}}}", new) for key, new in (
        ("handshake: {}", "handshake_headers"), ("heartbeat: 1s", "ping_interval"), ("idle: 1s", "idle_timeout"),
        ("reconnect: {first: 1s}", "initial_delay"), ("reconnect: {most: 1s}", "max_delay"),
        ("reconnect: {give_up: 1s}", "give_up_after"))),
    *((f"upstreams: {{a: {{queue: 'memory://x', {key}}}}}", new) for key, new in (
        ("user: x", "username"), ("redeliver_after: 1s", "ack_timeout"), ("backlog: 3", "max_backlog"))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), RENAMED)
def test_a_renamed_key_names_the_new_one(problems_of: Problems, text: str, name: str) -> None:
    """Every key that was renamed, in its place."""
    if not text.startswith("frontends"):
        text = f"frontends: {{web: {{schema: s}}}}\n{text}"
    (problem,) = problems_of(text)
    assert problem.endswith(f'unknown key; did you mean "{name}"?')


def test_an_unknown_key_gets_the_nearest_name_or_all_of_them() -> None:
    """A misspelt key resembles one name; another key gets the list."""
    assert explain_unknown_key("retyr", ["retry", "timeout"]) == 'unknown key; did you mean "retry"?'
    assert explain_unknown_key("zzz", ["retry", "timeout"]) == "unknown key; there is retry, timeout"
