"""Every role, operation, owner and circle: what is allowed happens, what is refused leaves no trace."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from tests.access.matrix import (
    COMMAND,
    KINDS,
    PAGE,
    REFUSALS,
    RULES,
    Cell,
    Circle,
    Operation,
    Outcome,
    Whose,
    cells,
    operations,
    page,
)
from tests.conftest import KEY_OWNERS, Templates, client_of, running
from tests.factories import AGREEMENT, DEFAULTS, LIGA, body_of, make
from tests.streams import streamed

OPERATIONS = operations()
PATHS = dict(
    zip(KINDS, ("agreements", "topics", "partners", "goals", "sub-measures", "consultation-events"), strict=True)
)
OWNERS = {"sub-measures": "lead_partner_id", "consultation-events": "organiser_id"}
SOMEBODY = "4c1f2a52-3a4b-5c6d-8e7f-0a1b2c3d4e5f"


class TestTable:
    def test_holds_every_operation_of_the_contract_once(self) -> None:
        assert sorted(name for rule in RULES for name in rule.operations) == sorted(OPERATIONS)

    def test_holds_every_role_for_every_operation(self) -> None:
        for name in OPERATIONS:
            assert {cell.role for cell in cells(name)} == {"anonymous", *KEY_OWNERS} - {"other_contributor"}

    def test_is_what_the_docs_show(self) -> None:
        assert PAGE.read_text("utf-8") == page(), f"renew docs/access.md: {COMMAND}"


class Sent(NamedTuple):
    """A request of the matrix: its answer, and the resource that it is about."""

    status: int
    text: str
    about: str


class Register:
    """A register on which cells are tried, with a client for every role."""

    def __init__(self, app: FastAPI, keys: Mapping[str, str], clients: Mapping[str, httpx.AsyncClient]) -> None:
        self.app = app
        self.keys = keys
        self.clients = clients
        self.admin = clients["admin"]
        self.stranger = ""

    def owner(self, cell: Cell) -> str:
        """The partner whose the resource of a cell is."""
        return KEY_OWNERS[cell.role][0] if cell.whose is Whose.own else self.stranger

    async def prepare(self, path: str, cell: Cell) -> dict[str, Any]:
        """A resource as the cell describes it."""
        if path == "keys":
            answer = await self.admin.post("/v1/keys", json={"partner_id": self.owner(cell), "role": "reader"})
            made: dict[str, Any] = answer.json()
            return made
        if path == "partners" and cell.whose is Whose.own:
            return await self.own_partner(cell)
        return await make(self.admin, path, **self.fields(path, cell))

    async def own_partner(self, cell: Cell) -> dict[str, Any]:
        """The caller's own partner, in the circle of the cell."""
        address = f"/v1/partners/{self.owner(cell)}"
        headers = {"If-Match": "*"}
        answer = await self.admin.patch(address, json={"visibility": cell.circle}, headers=headers)
        assert answer.status_code == 200
        own: dict[str, Any] = answer.json()
        return own

    def fields(self, path: str, cell: Cell) -> dict[str, Any]:
        """What a resource of the cell differs in from any other."""
        owner = {OWNERS[path]: self.owner(cell)} if path in OWNERS else {}
        return {"visibility": cell.circle, **owner}

    async def head(self, role: str) -> str:
        """Where the feed ends for a role."""
        answer = await self.clients[role].get("/v1/changes", params={"type": "nothing"})
        cursor: str = answer.json()["next_cursor"]
        return cursor

    async def state(self, path: str, resource: Mapping[str, Any]) -> list[Any]:
        """Everything that a write of this resource would leave a trace in, as the admin sees it."""
        one = await self.admin.get(f"/v1/{path}/{resource['id']}")
        listed = await self.admin.get(
            f"/v1/{path}", params={"limit": 200} if path == "keys" else {"include_total": True}
        )
        # The day of the last use may be today for the first time: that is no trace of a write.
        traces = [re.sub(r'"last_used_on":[^,}]+', "", answer.text) for answer in (one, listed)]
        return [one.status_code, *traces, await self.head("admin")]

    async def send(self, name: str, operation: Operation, cell: Cell, resource: Mapping[str, Any]) -> Sent:
        """Carry out the operation of a cell."""
        path = operation.path.split("/")[2]
        address = operation.path.replace("{id}", resource["id"])
        headers = {"If-Match": f'"{resource["version"]}"'} if "version" in resource else {}
        body: dict[str, Any] | None = None
        if name == "createKey":
            body = {"partner_id": self.owner(cell), "role": "reader"}
        elif name == "rotateKey":
            body = {"overlap_hours": 1}
        elif operation.method == "POST":
            body = body_of(path, **self.fields(path, cell))
        elif operation.method == "PATCH":
            body = {"name" if "name" in DEFAULTS[path] else "title": f"Geändert von {cell}"[:200]}
        params = {} if "{id}" in operation.path or operation.method != "GET" else {"limit": 200}
        if path != "keys" and params:
            params = {"sort": "-created_at"}
        answer = await self.clients[cell.role].request(
            operation.method, address, json=body, headers=headers, params=params
        )
        return Sent(answer.status_code, answer.text, resource["id"])


@pytest.fixture(scope="module")
async def register(templates: Templates) -> AsyncIterator[Register]:
    """One register for all cells: each makes the resource that it is about."""
    async with AsyncExitStack() as stack:
        settings = await stack.enter_async_context(templates.fresh("seeded"))
        app = await stack.enter_async_context(running(settings))
        clients = {
            name: await stack.enter_async_context(client_of(app, key))
            for name, key in [*templates.keys.items(), ("anonymous", None)]
        }
        made = Register(app, templates.keys, clients)
        made.stranger = (await make(made.admin, "partners"))["id"]
        yield made


def refused(text: str, outcome: Outcome) -> bool:
    """Whether a refusal names its rule."""
    wanted = {Outcome.role: '"rule": "role"', Outcome.owner: '"rule": "ownership"'}
    return all((rule in text) == (each is outcome) for each, rule in wanted.items())


async def try_cell(register: Register, name: str, cell: Cell) -> str | None:
    """What is wrong with a cell; nothing when it is as the table says."""
    operation = OPERATIONS[name]
    path = operation.path.split("/")[2]
    if path == "changes":
        return await try_following(register, name, cell)
    resource = await register.prepare(path, cell)
    before = await register.state(path, resource)
    sent = await register.send(name, operation, cell, resource)
    changed = await register.state(path, resource) != before
    if cell.outcome in REFUSALS:
        is_right = sent.status == REFUSALS[cell.outcome] and refused(sent.text, cell.outcome) and not changed
    else:
        is_right = sent.status == operation.success and changed == (operation.method != "GET")
        if name.startswith("list") and "{id}" not in operation.path:
            is_right = is_right and (f'"{sent.about}"' in sent.text) == (cell.outcome is Outcome.yes)
    return None if is_right else f"{name} {cell}: {sent.status} changed={changed} {sent.text[:300]}"


async def try_following(register: Register, name: str, cell: Cell) -> str | None:
    """The same for the feed and the stream, which are about whatever is made."""
    cursor = await register.head(cell.role)
    resource = await register.prepare("sub-measures", cell)
    if name == "streamChanges":
        status, text = await streamed(register.app, register.keys.get(cell.role), cursor=cursor)
    else:
        answer = await register.clients[cell.role].get("/v1/changes", params={"cursor": cursor})
        status, text = answer.status_code, answer.text
    is_there = resource["id"] in text
    return None if (status, is_there) == (200, cell.outcome is Outcome.yes) else f"{name} {cell}: {status} {text[:300]}"


@pytest.mark.parametrize("name", OPERATIONS)
async def test_every_cell_is_as_the_table_says(register: Register, name: str) -> None:
    tried = [await try_cell(register, name, cell) for cell in cells(name)]
    assert len(tried) >= 5
    assert [fault for fault in tried if fault] == []
