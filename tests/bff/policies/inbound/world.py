"""Operations of a frontend named `app`, and what stands for the rest of the chain."""

from __future__ import annotations

from typing import Any

import strawberry

from bff.authoring import frontend
from bff.contract import Answer, Request, Response
from bff.frontends.frontend import Frontend, make_frontend
from bff.frontends.options import Options
from bff.operation.operation import Operation

ANSWER = Answer(data={"hello": "world"})


@strawberry.type
class Query:
    hello: str = "world"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> bool:
        return True


SCHEMA = frontend(query=Query, mutation=Mutation)


class Rest:
    """Answers whatever the policies let through, and remembers it."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    async def __call__(self, operation: Operation) -> Response:
        self.operations.append(operation)
        return ANSWER


def app(**options: Any) -> Frontend:
    """The frontend with these options of bff.yaml."""
    return make_frontend("app", Options.model_validate({"schema": "tests", **options}), SCHEMA)


def operation(of: Frontend, query: str = "{ hello }", **request: Any) -> Operation:
    """One that is not prepared."""
    return Operation(Request(frontend="app", query=query, **request), of)


def prepared(of: Frontend, query: str = "{ hello }", **request: Any) -> Operation:
    """One that has its plan."""
    made = operation(of, query, **request)
    made.plan = of.plans.prepare(query, None, {})
    return made
