"""Keys of earlier versions are read under their new names, with a warning for each."""

from __future__ import annotations

import pytest

from bff.config import ConfigError
from tests.bff.config.conftest import Load, Problems

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
    ("upstreams: {a: {grpc: 'h:1', reflection: true, keepalive: 3s}}", "keepalive_interval"),
    *((f"upstreams: {{a: {{websocket: 'ws://h', {key}}}}}", new) for key, new in (
        ("handshake: {}", "handshake_headers"), ("heartbeat: 1s", "ping_interval"), ("idle: 1s", "idle_timeout"),
        ("reconnect: {first: 1s}", "initial_delay"), ("reconnect: {most: 1s}", "max_delay"),
        ("reconnect: {give_up: 1s}", "give_up_after"))),
    *((f"upstreams: {{a: {{queue: 'memory://x', {key}}}}}", new) for key, new in (
        ("user: x", "username"), ("redeliver_after: 1s", "ack_timeout"), ("backlog: 3", "max_backlog"))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), RENAMED)
def test_a_renamed_key_is_read_under_its_new_name(load_text: Load, text: str, name: str) -> None:
    """Every key that was renamed, in its place. Some of these values are refused, and not for their key."""
    if not text.startswith("frontends"):
        text = f"frontends: {{web: {{schema: s}}}}\n{text}"
    lines = warnings_or_problems(load_text, text)
    assert lines
    assert not any("unknown key" in line for line in lines), lines
    if "still read" in lines[0]:
        assert lines[0].endswith(f'this key is now "{name}"; the old name is still read')


def warnings_or_problems(load_text: Load, text: str) -> list[str]:
    """What loading this text reports."""
    try:
        return list(map(str, load_text(text).warnings))
    except ConfigError as error:
        return list(map(str, error.problems))


def test_the_value_of_an_old_key_is_used(load_text: Load) -> None:
    """Nested in a section, in a frontend and in an upstream."""
    settings = load_text(
        """
        upstreams:
          api: {rest: "http://h", breaker: {failures: 3}, max_reply: 1MB}
        frontends:
          web: {schema: s, limits: {depth: 8, cost: 500, calls: 12}}
        server: {max_body: 2MB}
        """
    )
    web, api = settings.frontends["web"], settings.upstreams["api"]
    assert (web.limits.max_depth, web.limits.max_cost, web.limits.max_calls) == (8, 500, 12)
    assert api.policies.breaker is not None
    assert api.policies.breaker.consecutive_failures == 3
    assert settings.server.max_body_size == 2_000_000
    assert len(settings.warnings) == 6


def test_an_old_key_beside_the_new_one_is_refused(problems_of: Problems) -> None:
    """Two values for one option: the file must say which."""
    (problem,) = problems_of("frontends: {a: {schema: a, limits: {depth: 8, max_depth: 9}}}")
    assert problem == 'bff.yaml:1:37 frontends.a.limits.depth: unknown key; did you mean "max_depth"?'


def test_a_mistake_below_an_old_key_has_its_place(problems_of: Problems) -> None:
    """The place is that of the file, the name the new one."""
    (problem,) = problems_of("frontends: {a: {schema: a, limits: {depth: deep}}}")
    assert problem == "bff.yaml:1:37 frontends.a.limits.max_depth: expected a whole number, not 'deep'"
