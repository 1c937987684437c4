"""Operations that are shared, and those that never are: over real sockets, before an upstream that tells who it saw."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import strawberry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bff.authoring import Context, frontend, via
from bff.contract import Answer, Request
from bff.engine.prepare.plan import Plan
from bff.http.responses.encode import encode
from bff.operation.operation import Operation
from bff.policies.inbound.share import SharingKeys
from connectors.errors import UpstreamFailed
from tests.bff.fakes import FakeUpstream, endpoint, gateway
from tests.bff.sharing import SCHEMA, World, sharing_world
from tests.waiting import idle, until

ADA = {"authorization": "Bearer ada"}
EVE = {"authorization": "Bearer eve"}


@strawberry.type
class Faint:
    word: str = via(endpoint("shop: word"), default="none")


async def test_equal_queries_are_one_execution() -> None:
    """Ten callers at once, one upstream call; each has the whole answer."""
    async with sharing_world() as world:
        answers = await asyncio.gather(*(world.ask("{ me }", headers=ADA) for _ in range(10)))
        assert answers == [{"data": {"me": "Bearer ada|-|-"}}] * 10
        assert world.upstream.asked == ["GET /me"]


async def test_the_reference_engine_shares_too() -> None:
    """What runs it makes no difference."""
    async with sharing_world({"engine": "reference"}) as world:
        answers = await asyncio.gather(*(world.ask("{ me }", headers=ADA) for _ in range(3)))
        assert answers == [{"data": {"me": "Bearer ada|-|-"}}] * 3
        assert len(world.upstream.asked) == 1


async def test_each_is_told_its_own_times() -> None:
    """Who waited for another one's execution made no calls."""
    async with sharing_world() as world:
        body, headers = {"query": "{ me }"}, {"x-server-timing": "1"}
        url = f"{world.url}/graphql/mobile"
        responses = await asyncio.gather(*(world.client.post(url, json=body, headers=headers) for _ in range(2)))
        told = sorted(response.headers["server-timing"] for response in responses)
        assert ["run;dur=" in each for each in told] == [True, True]
        assert sorted("shop;" in each or "upstream;" in each for each in told) == [False, True]


async def test_the_answer_to_all_is_encoded_once() -> None:
    """Answers without errors have one JSON; those with errors have ids of their own."""
    made = gateway(SCHEMA, shop=FakeUpstream(lambda call: {"seen": "x"}, before=idle))
    for query, is_one in (("{ me }", True), ("{ broken }", False)):
        request = Request(frontend="app", query=query)
        answers = await asyncio.gather(*(made.answer(request) for _ in range(3)))
        assert all(isinstance(answer, Answer) for answer in answers)
        bodies = [encode(answer) for answer in answers if isinstance(answer, Answer)]
        assert len({id(body) for body in bodies}) == (1 if is_one else 3)
        assert len(set(bodies)) == 1
    alone = await made.answer(Request(frontend="app", query="{ me }"))
    assert isinstance(alone, Answer)
    assert alone.encoded is None


async def test_what_is_degraded_is_told_to_all() -> None:
    """And nobody's cache may keep it."""
    down = FakeUpstream(lambda call: UpstreamFailed(call.operation, "down"), before=idle)
    made = gateway(frontend(query=Faint), shop=down)
    answers = await asyncio.gather(*(made.answer(Request(frontend="app", query="{ word }")) for _ in range(3)))
    for answer in answers:
        assert isinstance(answer, Answer)
        assert (answer.data, answer.caching) == ({"word": "none"}, None)
        assert answer.extensions == {"degraded": [{"path": ["word"], "code": "UPSTREAM_FAILED"}]}
    assert len(down.calls) == 1


def test_whatever_resolvers_can_see_is_in_the_key() -> None:
    """Who adds to a request or its context something that tells callers apart must add it to `SharingKeys.make_key`."""
    assert set(Context.__struct_fields__) == {
        *("headers", "client", "caller"),  # in the key
        "asgi_scope",  # in the key is what `request` shows of it
        *("frontend", "document"),  # by the plan
        *("state", "degraded", "selections", "unfinished"),  # empty at first
        "own_response",  # not there at first; once it is, the outcome is not shared
    }
    assert set(Request.__struct_fields__) == {
        *("headers", "client", "variables", "takes_records", "asgi_scope"),  # in the key
        *("frontend", "query", "document_id", "operation_name"),  # by the plan
        *("extensions", "no_mutations", "instead_of_events", "increments"),  # seen by nobody who answers a query whole
    }


@pytest.mark.parametrize(
    ("difference", "calls"),
    [
        ({}, 1),
        ({"method": "GET"}, 2),
        ({"path": "/graphql/app"}, 2),
        ({"query_string": b"a"}, 2),
        ({"scheme": "ws"}, 2),
    ],
)
async def test_requests_with_another_method_or_url_share_nothing(difference: dict[str, Any], calls: int) -> None:
    """Resolvers read them from `info.context.request`; the port of the peer they do not see."""
    upstream = FakeUpstream(lambda call: {"seen": "x"}, before=idle)
    made = gateway(SCHEMA, shop=upstream)
    scope = {"method": "POST", "path": "/graphql", "query_string": b"", "scheme": "http"}
    scopes = [{**scope, "client": ("a", 1)}, {**scope, "client": ("a", 2), **difference}]
    requests = [Request(frontend="app", query="{ me }", asgi_scope=each) for each in scopes]
    await asyncio.gather(*map(made.answer, requests))
    assert len(upstream.calls) == calls


async def test_who_comes_later_is_answered_anew() -> None:
    """What is over is no cache."""
    async with sharing_world() as world:
        await world.ask("{ me }")
        await world.ask("{ me }")
        assert len(world.upstream.asked) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ADA, EVE),
        (ADA, {}),
        ({"cookie": "session=1"}, {"cookie": "session=2"}),
        ({"x-tenant": "a"}, {"x-tenant": "b"}),
        ({"x-tenant": "a"}, {"x-tenant": ""}),
    ],
)
async def test_two_identities_share_nothing(one: dict[str, str], other: dict[str, str]) -> None:
    """Neither an operation nor a call nor a batch: each is told what the upstream says to it."""
    async with sharing_world(policies={"batch_window": "20ms"}) as world:
        query = "{ me items(ids: [1, 2]) { id seen } }"
        answers = await asyncio.gather(*(world.ask(query, headers=who) for who in (one, other) * 3))
        for who, answer in zip((one, other) * 3, answers, strict=True):
            seen = "|".join(who.get(name, "-") for name in ("authorization", "cookie", "x-tenant"))
            assert answer["data"]["me"] == seen
            assert {each["seen"] for each in answer["data"]["items"]} == {seen}
        assert len(world.upstream.asked) == 4


async def test_what_only_a_resolver_reads_tells_apart_too() -> None:
    """A header that goes nowhere but into the context, read after the operation might have been joined."""
    async with sharing_world() as world:
        query = '{ seen(header: "x-color") }'
        colors = ["red", "blue"] * 3
        answers = await asyncio.gather(*(world.ask(query, headers={"x-color": color}) for color in colors))
        assert [answer["data"]["seen"].split()[0] for answer in answers] == colors


async def test_two_addresses_share_nothing() -> None:
    """Resolvers see the address of the client; whoever comes from another one is another."""
    async with sharing_world() as world:
        transports = [httpx.AsyncHTTPTransport(local_address=f"127.0.0.{host}") for host in (1, 2)]
        clients = [httpx.AsyncClient(transport=each) for each in transports]
        body = {"query": '{ seen(header: "x") }'}
        url = f"{world.url}/graphql/mobile"
        answers = await asyncio.gather(*(each.post(url, json=body) for each in clients * 2))
        seen = [answer.json()["data"]["seen"] for answer in answers]
        assert seen == ["None 127.0.0.1", "None 127.0.0.2"] * 2
        for each in clients:
            await each.aclose()


async def test_two_frontends_share_no_operation() -> None:
    """Their schemas and limits may differ; what they send upstream in the same words is one call all the same."""
    async with sharing_world(policies={"share": False}) as world:
        await asyncio.gather(*(world.ask("{ me }", to) for to in ("mobile", "web") * 2))
        assert len(world.upstream.asked) == 2


async def test_variables_are_told_apart_by_type() -> None:
    """`"1"` is not `"1 "`, and an object's keys may be in an order that means something."""
    async with sharing_world() as world:
        query = "query ($text: String!) { said(text: $text) }"
        texts = ["1", "1 ", "2", "1"]
        answers = await asyncio.gather(*(world.ask(query, variables={"text": text}) for text in texts))
        assert [answer["data"]["said"] for answer in answers] == [
            "-|-|- text=1",
            "-|-|- text=1%20",
            "-|-|- text=2",
            "-|-|- text=1",
        ]
        assert len(world.upstream.asked) == 3


async def test_headers_that_only_trace_are_left_out() -> None:
    """Every request has an id of its own; it would make all of them different."""
    async with sharing_world() as world:
        ids = [{"x-request-id": f"r-{number}", "traceparent": f"00-{number:032x}-01-01"} for number in range(4)]
        await asyncio.gather(*(world.ask("{ me }", headers=each) for each in ids))
        assert len(world.upstream.asked) == 1


async def test_the_operator_may_leave_out_more() -> None:
    """`share_across` names headers that change nothing; and only those."""
    async with sharing_world({"share_across": ["User-Agent"]}) as world:
        agents = [{"user-agent": f"phone {number}"} for number in range(3)]
        await asyncio.gather(*(world.ask("{ me }", headers=each) for each in agents))
        assert len(world.upstream.asked) == 1
        await asyncio.gather(
            *(world.ask("{ me }", headers={**each, **ADA}) for each in agents[:2]), world.ask("{ me }")
        )
        assert len(world.upstream.asked) == 3


async def test_share_false_is_off() -> None:
    """Of the frontend and of the upstream: both have their own."""
    async with sharing_world({"share": False}, {"share": False}) as world:
        await asyncio.gather(*(world.ask("{ me }") for _ in range(3)))
        assert len(world.upstream.asked) == 3


async def test_a_mutation_is_never_shared() -> None:
    """Three orders are three orders."""
    async with sharing_world() as world:
        await asyncio.gather(*(world.ask("mutation { buy }", headers=ADA) for _ in range(3)))
        assert world.upstream.asked == ["POST /buy"] * 3


async def test_a_query_that_has_effects_is_never_shared() -> None:
    """A call that is not safe, made by a query, is made for everyone who asks, also for those who waited already."""
    async with sharing_world() as world:
        for times in (3, 6):
            await asyncio.gather(*(world.ask("{ peek }") for _ in range(3)))
            assert world.upstream.asked == ["POST /peek"] * times


async def test_each_has_its_own_request_id_in_errors_and_logs() -> None:
    """The error is shared, and the trace to it is not."""
    async with sharing_world() as world:
        with capture_logs() as lines:
            ids = [{"x-request-id": f"r-{number}"} for number in range(3)]
            answers = await asyncio.gather(*(world.ask("{ broken }", headers=each) for each in ids))
        assert len(world.upstream.asked) == 1
        told = [answer["errors"][0]["extensions"]["requestId"] for answer in answers]
        assert told == ["r-0", "r-1", "r-2"]
        assert [line["request_id"] for line in lines if line["event"] == "resolver_failed"] == told


async def test_a_follower_that_hangs_up_stops_nobody() -> None:
    """The first one and another follower are answered from the one call."""
    async with sharing_world() as world:
        world.upstream.holds = asyncio.Event()
        asks = [asyncio.create_task(world.ask("{ me }")) for _ in range(3)]
        await until(lambda: world.sent == 3 and world.upstream.asked)
        await world.all_came()
        asks[1].cancel()
        await idle()
        world.upstream.holds.set()
        answers = await asyncio.gather(*asks, return_exceptions=True)
        assert answers[0] == answers[2] == {"data": {"me": "-|-|-"}}
        assert len(world.upstream.asked) == 1
        assert world.upstream.gone == 0


async def test_the_first_one_that_hangs_up_stops_nobody() -> None:
    """One of the others starts anew, once for all of them."""
    async with sharing_world() as world:
        world.upstream.holds = asyncio.Event()
        first = asyncio.create_task(world.ask("{ me }"))
        await until(lambda: world.upstream.asked)
        others = [asyncio.create_task(world.ask("{ me }")) for _ in range(4)]
        await until(lambda: world.sent == 5)
        await world.all_came()
        first.cancel()
        await until(lambda: len(world.upstream.asked) == 2)
        world.upstream.holds.set()
        assert await asyncio.gather(*others) == [{"data": {"me": "-|-|-"}}] * 4
        assert len(world.upstream.asked) == 2


async def test_when_all_have_left_the_work_ends() -> None:
    """The upstream is told, and nothing is left for who comes next."""
    async with sharing_world() as world:
        world.upstream.holds = asyncio.Event()
        asks = [asyncio.create_task(world.ask("{ me }")) for _ in range(3)]
        await until(lambda: world.sent == 3 and world.upstream.asked)
        await world.all_came()
        for ask in asks:
            ask.cancel()
        await until(lambda: world.upstream.gone)
        world.upstream.holds = None
        assert await world.ask("{ me }") == {"data": {"me": "-|-|-"}}


async def test_a_follower_has_its_own_deadline() -> None:
    """The first one runs out of time; who came later still has some, and gets an answer."""
    async with sharing_world({"limits": {"timeout": "2s"}}) as world:
        world.upstream.holds = asyncio.Event()
        first = asyncio.create_task(world.ask("{ me }"))
        await until(lambda: world.upstream.asked)
        await asyncio.sleep(0.5)
        world.upstream.holds = None
        second = asyncio.create_task(world.ask("{ me }"))
        assert (await first)["errors"][0]["extensions"]["code"] in {"TIMEOUT", "UPSTREAM_TIMEOUT"}
        assert await second == {"data": {"me": "-|-|-"}}


def test_the_key_has_everything_but_what_traces() -> None:
    """Values of another type, keys in another order and lists are other variables; what is no JSON is not shared."""
    keys, app = SharingKeys(), gateway(SCHEMA)
    plan, other_plan = (app.frontends["app"].plans.prepare(query, None, {}) for query in ("{ me }", "{ broken }"))

    def key(variables: Any, of: Plan = plan, takes_records: bool = False, **headers: str) -> object:
        request = Request(frontend="a", variables=variables, headers=headers, takes_records=takes_records)
        operation = Operation(request, app.frontends["app"])
        operation.plan = of
        return keys.make_key(operation)

    assert key({"a": 1}) == key({"a": 1})
    different = [{"a": 1}, {"a": 1.0}, {"a": True}, {"a": "1"}, {"a": [1]}, {"a": None}, {"a": -0.0}, {"a": 0.0}, {}]
    different += [None, {"a": 1, "b": 2}, {"b": 2, "a": 1}]
    assert len({key(each) for each in different}) == len(different)
    assert key({"file": object()}) is None
    assert key({}, traceparent="1") == key({}, traceparent="2")
    assert key({}, accept="1") != key({}, accept="2")
    assert key({}, other_plan) != key({})
    assert key({}, takes_records=True) != key({})


def test_a_schema_with_extensions_is_not_shared() -> None:
    """An author's extension may count or log every execution."""
    from strawberry.extensions import SchemaExtension

    from bff.frontends.frontend import make_frontend
    from bff.frontends.options import Options
    from tests.bff.sharing import Query

    class Counts(SchemaExtension):
        pass

    options = Options.model_validate({"schema": "tests"})
    assert make_frontend("a", options, SCHEMA).may_share
    assert not make_frontend("a", options, frontend(query=Query, extensions=[Counts])).may_share


HEADERS = st.fixed_dictionaries(
    {},
    optional={name: st.sampled_from(["", "1", "2", "1, 2"]) for name in ("authorization", "cookie", "x-tenant")},
)
ASKS = st.lists(
    st.tuples(HEADERS, st.sampled_from(["a", "b", "c"]), st.lists(st.integers(1, 5), max_size=3)), max_size=12
)


@pytest.mark.parametrize("window", [None, "5ms"])
async def test_nobody_is_ever_told_what_another_was_told(window: str | None) -> None:
    """Drawn headers, variables and keys, all at once, with sharing of everything: each answer is of its own identity."""
    async with sharing_world(policies={"batch_window": window} if window else {}) as world:
        world.upstream.all_came = lambda: asyncio.sleep(0.01)
        loop = asyncio.get_running_loop()

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(ASKS)
        def check(asks: list[tuple[dict[str, str], str, list[int]]]) -> None:
            asyncio.run_coroutine_threadsafe(_each_its_own(world, asks), loop).result(120)

        await asyncio.to_thread(check)


async def _each_its_own(world: World, asks: list[tuple[dict[str, str], str, list[int]]]) -> None:
    query = "query ($t: String!, $ids: [Int!]!) { me said(text: $t) items(ids: $ids) { id seen } }"
    answers = await asyncio.gather(
        *(world.ask(query, variables={"t": text, "ids": ids}, headers=headers) for headers, text, ids in asks)
    )
    for (headers, text, ids), answer in zip(asks, answers, strict=True):
        seen = "|".join(headers.get(name, "-") for name in ("authorization", "cookie", "x-tenant"))
        items = [{"id": each, "seen": seen} for each in ids]
        assert answer == {"data": {"me": seen, "said": f"{seen} text={text}", "items": items}}
