"""The check of bff.yaml: every mistake, with its place and the next step, without secrets."""

from __future__ import annotations

import pytest

from tests.bff.config.conftest import Problems

SMALL = "frontends: {web: {schema: s}}\n"


def test_all_mistakes_are_told_at_once(problems_of: Problems) -> None:
    """Unknown keys with the nearest name, wrong types with what is expected, missing keys, unset variables."""
    assert problems_of("""
        upstreams:
          catalog: {rest: "http://h:1", retyr: 2, timeout: 5, forward: authorization}
          reviews:
            rest: http://r
            breaker: {failure: 1}
            headers: {x-key: "${KEY}"}
          pricing: {grcp: "x"}
          both: {rest: "http://a", grpc: "b:1"}
          none: {timeout: 1s}
          9: {rest: "http://h"}
          list: []
        frontends:
          a: {default: yes please}
          b: {schema: schemas/b, limits: {dept: 8, max_cost: many, max_calls: 0}}
        server: {port: 80.5, host: true}
        log: {format: xml}
        sever: 1
    """) == [
        'bff.yaml:2:33 upstreams.catalog.retyr: unknown key; did you mean "retry"?',
        "bff.yaml:2:43 upstreams.catalog.timeout: 5 is not a duration; write a number with its unit, such as 800ms, 2s or 5m",
        "bff.yaml:2:55 upstreams.catalog.forward: expected a list, such as [one, two]",
        'bff.yaml:5:15 upstreams.reviews.breaker.failure: unknown key; did you mean "consecutive_failures"?',
        "bff.yaml:6:15 upstreams.reviews.headers.x-key: the environment variable KEY is not set or empty; set it, or write ${KEY:-default}",
        'bff.yaml:7:13 upstreams.pricing.grcp: unknown key; did you mean "grpc"?',
        "bff.yaml:8:28 upstreams.both.grpc: an upstream speaks one protocol, and this one has rest; keep one",
        "bff.yaml:9:3 upstreams.none: the address is missing; give it under one of rest, grpc, soap, graphql, websocket, queue",
        "bff.yaml:10:3 upstreams.9: a name begins with a letter and has letters, digits, - and _",
        "bff.yaml:11:3 upstreams.list: expected a mapping with the upstream's address under one of rest, grpc, soap, graphql, websocket, queue",
        "bff.yaml:13:3 frontends.a.schema: this key is required",
        "bff.yaml:13:7 frontends.a.default: expected true or false, not 'yes please'",
        "bff.yaml:14:7 frontends.b.schema: 'schemas/b' is not a Python module; write it with dots, such as schemas.mobile",
        'bff.yaml:14:35 frontends.b.limits.dept: unknown key; did you mean "max_depth"?',
        "bff.yaml:14:44 frontends.b.limits.max_cost: expected a whole number, not 'many'",
        "bff.yaml:14:60 frontends.b.limits.max_calls: input should be greater than or equal to 1, not 0",
        "bff.yaml:15:10 server.port: expected a whole number, not 80.5",
        "bff.yaml:15:22 server.host: expected text; put it in quotes",
        "bff.yaml:16:7 log.format: expected 'json' or 'console', not 'xml'",
        'bff.yaml:17:1 sever: unknown key; did you mean "server"?',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "bff.yaml:1:1 expected a mapping with `upstreams` and `frontends`"),
        ("- a", "bff.yaml:1:1 expected a mapping with `upstreams` and `frontends`"),
        ("upstreams: {}", "bff.yaml:1:1 frontends: this key is required"),
        ("frontends: {}", "bff.yaml:1:1 frontends: must not be empty"),
        ("frontends: {web/2: {schema: s}}", "bff.yaml:1:13 frontends.web/2: a name begins with a letter and has letters, digits, - and _"),
        ("frontends: [web]", "bff.yaml:1:1 frontends: expected a mapping, such as {key: value}"),
        (SMALL + "upstreams: [a]", "bff.yaml:2:1 upstreams: expected a mapping of names, such as `catalog: {rest: \"http://...\"}`"),
        (SMALL + "upstreams: {a: {rest: }}", "bff.yaml:2:17 upstreams.a.rest: expected text; put it in quotes"),
        (SMALL + "upstreams: {a: {grpc: 'h:1'}}", "bff.yaml:2:13 upstreams.a: the types come from exactly one of protos, descriptor_set, reflection; found none"),
        (SMALL + "server: {tls: {cert: a}}", "bff.yaml:2:10 server.tls.key: this key is required"),
        (b"a: \xff", "bff.yaml:1:1 the file is not UTF-8: byte 3 is 0xff"),
    ],
)  # fmt: skip
def test_a_mistake(problems_of: Problems, text, told) -> None:
    """One at a time."""
    assert problems_of(text) == [told]


def test_identity_providers_that_there_are_not(problems_of: Problems) -> None:
    """With the nearest name, and with what needs one."""
    problems = problems_of(
        """
        identity:
          customers: {jwt: {algorithms: [RS256], issuers: [i], audiences: [a], jwks: {url: "https://i.example/keys"}}}
        frontends:
          a: {schema: a, default: true, identity: [custommers]}
          b: {schema: b, match: {host: [b]}, when_missing: anonymous}
        """
    )
    assert problems == [
        'bff.yaml:4:44 frontends.a.identity.0: there is no identity provider "custommers"; did you mean "customers"?',
        "bff.yaml:5:38 frontends.b.when_missing: needs `identity`; without it every caller is anonymous",
    ]


def test_no_request_may_be_for_two_frontends(problems_of: Problems) -> None:
    """Both places are told, whatever else is wrong; names of headers and hosts have no case; keys are not shown."""
    told = problems_of(
        """
        frontends:
          a: {schema: a, default: true, match: {header: {X-Client: m}, host: [a.example]}}
          b: {schema: b, default: true, match: {header: {x-client: m}, host: [A.example]}}
          c: {schema: c, match: {header: {x-client: other}, api_key: {keys: ["${KEY}"]}}}
          d: {schema: d, match: {api_key: {keys: ["s3cret"]}}}
        server: {port: none}
        """,
        KEY="s3cret",
    )
    assert told == [
        "bff.yaml:3:18 frontends.b.default: the default already selects a in line 2; keep one of them",
        "bff.yaml:3:50 frontends.b.match.header.x-client: the header x-client with this value already selects a in line 2; keep one of them",
        "bff.yaml:3:71 frontends.b.match.host.0: the host a.example already selects a in line 2; keep one of them",
        "bff.yaml:5:43 frontends.d.match.api_key.keys.0: this key in x-api-key already selects c in line 4; keep one of them",
        "bff.yaml:6:10 server.port: expected a whole number, not 'none'",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["rate", "timeout", "retry", "concurrency", "cache", "share", "forward", "rest"])
def test_no_message_shows_what_came_from_the_environment(problems_of: Problems, place) -> None:
    """A variable in the wrong place may hold a secret."""
    other = "" if place == "rest" else 'rest: "http://h", '
    told = problems_of(SMALL + f'upstreams: {{a: {{{other}{place}: "${{SECRET}}"}}}}', SECRET="s3cret s3cret")
    assert len(told) == 1
    assert "s3cret" not in told[0]


def test_no_message_shows_a_value_where_a_secret_belongs(problems_of: Problems) -> None:
    """A key written without quotes is a number to YAML, and still a key."""
    told = problems_of("""
        upstreams: {a: {rest: "http://h", headers: {x-key: 12345678}}}
        frontends: {a: {schema: a, match: {api_key: {keys: [87654321, ""]}}}}
    """)
    assert told[0].endswith("headers.x-key: expected text; put it in quotes")
    assert told[1].endswith("keys.0: expected text; put it in quotes")
    assert told[2].endswith("keys.1: must not be empty")
