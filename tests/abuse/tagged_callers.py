"""Callers with a number each, who ask in every way, leave when they like, and look for the numbers of others."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.abuse.documents import DOCUMENTS
from tests.abuse.tagged_upstreams import HEADER, tag
from tests.waiting import GENEROUS

TAG = re.compile(rb'tag:(\d+);|"(?:amount|quantity)":\s?(\d+)')
IDS = 12
VARIABLES = "($id: ID!, $ids: [ID!]!)"
THING = "id text note { text } price { amount } stock { quantity location }"
QUERIES = (
    f"query One{VARIABLES} {{ thing(id: $id) {{ {THING} }} things(ids: $ids) {{ text }} }}",
    f"query Many{VARIABLES} {{ things(ids: $ids) {{ {THING} }} note(id: $id) {{ text }} }}",
    f"query Notes{VARIABLES} {{ note(id: $id) {{ text }} things(ids: $ids) {{ note {{ text }} price {{ amount }} }} }}",
)
DEFERRED = "query($id: ID!) { thing(id: $id) { id ... @defer { text note { text } price { amount } } } }"
HOSTILE = [text for name, text in DOCUMENTS.items() if len(text) < 100_000 and "introspection" not in name]


@dataclass
class Findings:
    """What all callers saw."""

    counts: Counter[str] = field(default_factory=Counter)
    """Answers and events by the way they came."""
    tags: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    """By code."""
    wrong: list[str] = field(default_factory=list)
    """Answers that may not be: a foreign tag, an error without code, a status of the server's own failure."""


class Caller:
    """One connection pool of one user."""

    def __init__(self, url: str, user: int, draw: random.Random, findings: Findings) -> None:
        self._url, self._user, self._draw, self._findings = f"{url}/graphql/web", str(user), draw, findings
        self._http = httpx.AsyncClient(timeout=GENEROUS, trust_env=False)
        self._ways: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (30, self._post),
            (12, self._get),
            (10, self._batch),
            (6, self._defer),
            (6, self._say),
            (6, self._stream),
            (6, self._websocket),
            (6, self._hang_up),
            (4, self._attack),
        ]

    async def run(self, until: float) -> None:
        """Ask one thing after the other."""
        weights = [weight for weight, _ in self._ways]
        async with self._http:
            while time.monotonic() < until and not self._findings.wrong:
                ((_, ask),) = self._draw.choices(self._ways, weights)
                try:
                    await ask()
                except (httpx.HTTPError, OSError, websockets.WebSocketException) as error:
                    self._findings.wrong.append(f"user {self._user}, {ask.__name__}: {error!r}")
                await asyncio.sleep(self._draw.random() * 0.02)

    @property
    def _headers(self) -> dict[str, str]:
        return {HEADER: self._user, "x-nonce": str(self._draw.randrange(1000))}

    def _body(self) -> dict[str, Any]:
        ids = [str(self._draw.randrange(IDS)) for _ in range(self._draw.randrange(1, 6))]
        return {"query": self._draw.choice(QUERIES), "variables": {"id": ids[0], "ids": ids}}

    async def _post(self) -> None:
        self._check("post", await self._http.post(self._url, json=self._body(), headers=self._headers))

    async def _get(self) -> None:
        body = self._body()
        query = {"query": body["query"], "variables": json.dumps(body["variables"])}
        self._check("get", await self._http.get(self._url, params=query, headers=self._headers))

    async def _batch(self) -> None:
        bodies = [self._body() for _ in range(self._draw.randrange(1, 5))]
        response = await self._http.post(self._url, json=bodies, headers=self._headers)
        if self._check("batch", response) and len(response.json()) != len(bodies):
            self._findings.wrong.append(f"{len(bodies)} operations, and as answer {response.text[:2000]}")

    async def _defer(self) -> None:
        body = {"query": DEFERRED, "variables": {"id": str(self._draw.randrange(IDS))}}
        headers = {**self._headers, "accept": "multipart/mixed;deferSpec=20220824, application/json"}
        response = await self._http.post(self._url, json=body, headers=headers)
        self.check_bytes("defer", response.content)

    async def _say(self) -> None:
        """To oneself, over the queue."""
        variables = {"user": self._user, "text": tag(self._user)}
        body = {"query": "mutation($user: String!, $text: String!) { say(user: $user, text: $text) }"}
        self._check(
            "say", await self._http.post(self._url, json={**body, "variables": variables}, headers=self._headers)
        )

    def _subscription(self) -> dict[str, Any]:
        return self._draw.choice(
            (
                {
                    "query": "subscription($id: ID!) { prices(id: $id) { amount } }",
                    "variables": {"id": str(self._draw.randrange(3))},
                },
                {
                    "query": "subscription($user: String!) { ticks(user: $user) { text } }",
                    "variables": {"user": self._user},
                },
                {
                    "query": "subscription($user: String!) { heard(user: $user) { text } }",
                    "variables": {"user": self._user},
                },
            )
        )

    async def _stream(self) -> None:
        """A few events of server-sent events; then the connection is closed in the middle."""
        headers = {**self._headers, "accept": "text/event-stream"}
        async with (
            asyncio.timeout(GENEROUS),
            self._http.stream("POST", self._url, json=self._subscription(), headers=headers) as response,
        ):
            left, end = self._draw.randrange(1, 6), time.monotonic() + 1
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    self.check_bytes("event", line.encode())
                    left -= 1
                if left <= 0 or time.monotonic() > end:
                    break

    async def _websocket(self) -> None:
        """A few operations over one websocket, which is closed or broken after a while."""
        protocol = Subprotocol("graphql-transport-ws")
        address = self._url.replace("http:", "ws:")
        async with connect(address, subprotocols=[protocol], additional_headers=self._headers, proxy=None) as client:
            await client.send('{"type": "connection_init"}')
            for number in range(self._draw.randrange(1, 5)):
                payload = self._draw.choice((self._subscription, self._body))()
                await client.send(json.dumps({"type": "subscribe", "id": str(number), "payload": payload}))
            try:
                async with asyncio.timeout(self._draw.random()):
                    async for message in client:
                        self.check_bytes("message", message.encode() if isinstance(message, str) else message)
            except TimeoutError:
                pass
            if self._draw.random() < 0.5:
                client.transport.abort()

    async def _hang_up(self) -> None:
        """Ask and leave before the answer, or in the middle of it."""
        try:
            async with asyncio.timeout(self._draw.random() * 0.03):
                await self._http.post(self._url, json=self._body(), headers=self._headers)
        except TimeoutError:
            self._findings.counts["hang-up"] += 1

    async def _attack(self) -> None:
        """A hostile document."""
        response = await self._http.post(self._url, json={"query": self._draw.choice(HOSTILE)}, headers=self._headers)
        self._check("attack", response, most=499)

    def _check(self, way: str, response: httpx.Response, most: int = 200) -> bool:
        """Whether the answer is whole: of this status at most, or 503 with a code."""
        if response.status_code > most and response.status_code != 503:
            self._findings.wrong.append(f"user {self._user}, {way}: {response.status_code} {response.text[:2000]}")
            return False
        self.check_bytes(way, response.content)
        if "json" in response.headers.get("content-type", ""):
            self._check_errors(response.json())
        return response.status_code == 200

    def check_bytes(self, way: str, answer: bytes) -> None:
        """Look for tags of others, and for errors without a code."""
        self._findings.counts[way] += 1
        found = [(text or number).decode() for text, number in TAG.findall(answer)]
        self._findings.tags += len(found)
        if any(each != self._user for each in found):
            self._findings.wrong.append(f"a foreign tag for user {self._user} by {way}: {answer[:5000]!r}")
        if b'"errors"' in answer and b'"code"' not in answer:
            self._findings.wrong.append(f"an error without a code by {way}: {answer[:5000]!r}")

    def _check_errors(self, answers: Any) -> None:
        for each in answers if isinstance(answers, list) else [answers]:
            for error in each.get("errors") or ():
                code = (error.get("extensions") or {}).get("code")
                self._findings.errors[str(code)] += 1
                if not code or code == "INTERNAL":
                    self._findings.wrong.append(f"user {self._user}: {error}")
