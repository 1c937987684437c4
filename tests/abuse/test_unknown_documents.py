"""Documents that nobody has seen before, from one client, while others ask what is known and what is not.

On two cores, before and after bff.engine.prepare.queue, the segmented cache of plans and the cache of refusals:

    an unknown document of another client behind 120      2.7 s      0.1 s    of work before its answer
    preparing for 120 clients that have hung up           2.4 s      0.3 s    of CPU
    50 known documents after 40 large comments                0         50    are still known
    an invalid document, 100 times                                  0.03 s    of CPU; it is validated once
    400 unknown documents of one client at once        all wait   256 wait, the others get 503 with Retry-After
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bff.authoring import frontend
from bff.engine.adapters.compiled import CompiledProgram
from bff.engine.prepare.plan import MAX_CHARACTERS, Plans
from tests.abuse.live import ANSWER_SECONDS, Live, post, receive
from tests.abuse.promises import cpu_seconds, promised
from tests.bff.engine.prepare.test_plan import Query

FLOOD = 120
"""Documents of the attacker; each takes about 80 ms to prepare."""
INNOCENT = "127.0.0.2"
"""Another address of this machine, which the attacker does not have."""


def costly(number: int) -> bytes:
    """A request with a document that nobody has sent before, and that takes long to validate."""
    query = f"query Q{number}_{time.monotonic_ns()} {{" + "departments{name}" * 490 + "}"
    return post(json.dumps({"query": query}).encode())


def cheap(number: int) -> bytes:
    """A request with a small document that nobody has sent before."""
    return post(json.dumps({"query": f"query Q{number}_{time.monotonic_ns()} {{ __typename }}"}).encode())


def connect(live: Live, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", live.port), timeout=ANSWER_SECONDS, source_address=(address, 0))


@pytest.fixture
def flood(attacked: Live) -> Iterator[list[socket.socket]]:
    """The attacker's requests, sent and not answered yet."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(attacked)) for _ in range(FLOOD)]
        for number, each in enumerate(sockets):
            each.sendall(costly(number))
        yield sockets


def test_an_unknown_document_does_not_wait_for_those_of_another_client(
    attacked: Live, flood: list[socket.socket]
) -> None:
    """It is prepared as soon as the one under way is done; a known document does not wait at all."""
    pid = attacked.gateway.process.pid
    waits = []
    with promised(attacked, "a flood of unknown documents", recovers=False):
        for number in range(3):
            began, worked = time.monotonic(), cpu_seconds(pid)
            with connect(attacked, INNOCENT) as connection:
                connection.sendall(cheap(number))
                answer = receive(connection)
            assert b'"data"' in answer, answer[:300]
            waits.append(cpu_seconds(pid) - worked)
            print(f"an innocent's unknown document: {waits[-1]:.2f} s of work, {time.monotonic() - began:.2f} s")
    assert min(waits) < 0.5
    answers = [receive(each) for each in flood]
    assert all(b" 200 " in each[:20] or b" 503 " in each[:20] for each in answers)


def test_nothing_is_prepared_for_clients_that_have_hung_up(attacked: Live) -> None:
    """What nobody waits for leaves the queue."""
    pid = attacked.gateway.process.pid
    worked = cpu_seconds(pid)
    with ExitStack() as stack:
        for number in range(FLOOD):
            stack.enter_context(connect(attacked)).sendall(costly(number))
        time.sleep(0.3)
    with connect(attacked, INNOCENT) as connection:
        connection.sendall(cheap(0))
        receive(connection)
    while True:  # until it rests
        before = cpu_seconds(pid)
        time.sleep(0.5)
        if cpu_seconds(pid) - before < 0.15:
            break
    took = cpu_seconds(pid) - worked
    print(f"{FLOOD} clients that hung up: {took:.1f} s of CPU")
    assert took < FLOOD * 0.08 / 2


def test_what_waits_is_bounded(attacked: Live) -> None:
    """Beyond the bound the answer is 503 at once, and says when to come back; nobody waits without end."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(attacked)) for _ in range(400)]
        for number, each in enumerate(sockets):
            each.sendall(costly(number))
        time.sleep(1)
        answers = []
        for each in sockets:
            each.setblocking(False)
            try:
                answers.append(each.recv(65536))
            except BlockingIOError:
                continue
    refused = [each for each in answers if b"503" in each[:20]]
    print(f"{len(refused)} of 400 were refused")
    assert len(refused) > 50
    assert all(b"TOO_MANY_DOCUMENTS" in each and b"retry-after" in each.lower() for each in refused)


def test_large_comments_do_not_flush_known_plans() -> None:
    """A comment costs its memory, not that of as many fields; what is asked twice is kept apart from what is new."""
    plans = Plans(frontend(query=Query)._schema, CompiledProgram, max_tokens=2000)
    known = [f"query Known{number} {{ word }}" for number in range(50)]
    for query in known * 2:
        plans.prepare(query, None, {})
    for number in range(40):
        comment = f"#{number}" + "x" * (MAX_CHARACTERS - 200)
        for _ in range(2):
            plans.prepare(f"{comment}\n{{ word }}", None, {})
    found = sum(plans.find(query, None, {}) is not None for query in known)
    print(f"{found} of {len(known)} known documents are still known")
    assert found == len(known)


def test_a_flood_of_new_documents_does_not_flush_known_plans() -> None:
    """However many there are."""
    plans = Plans(frontend(query=Query)._schema, CompiledProgram, max_tokens=2000)
    known = [f"query Known{number} {{ word }}" for number in range(50)]
    for query in known * 2:
        plans.prepare(query, None, {})
    for number in range(1500):
        plans.prepare(f"query New{number} {{ word }}", None, {})
    assert all(plans.find(query, None, {}) is not None for query in known)


def test_a_document_at_fault_is_not_parsed_again_and_again(attacked: Live) -> None:
    """Its refusal is kept for a while."""
    pid = attacked.gateway.process.pid
    query = f"query F{time.monotonic_ns()} {{ product(id: 1) {{" + " ".join(f"x{n}" for n in range(900)) + "}}"
    request = post(json.dumps({"query": query}).encode())
    began = cpu_seconds(pid)
    attacked.ask(request)
    worked = cpu_seconds(pid)
    once = worked - began
    answers = {attacked.ask(request).partition(b"\r\n\r\n")[2] for _ in range(100)}
    took = cpu_seconds(pid) - worked
    print(f"a document at fault: {once:.2f} s of CPU, another 100 times: {took:.2f} s")
    assert len(answers) == 1
    assert b"GRAPHQL_VALIDATION_FAILED" in answers.pop()
    assert took < 30 * once
