"""Every answer that the contract promises is really given, in the shape and with the headers that it names."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.http import body as request_body
from tests.conftest import Templates, client_of, running, settings_for
from tests.contract.reading import OPERATIONS, Operation, faults, followed
from tests.databases import any_database
from tests.factories import AGREEMENT, CITY, NOWHERE, PATHS, body_of, delete, goal_id, make, measure_id, topic_id
from tests.kinds import PUTS as ALL_PUTS

CSV = "text/csv"
JSON = {"Content-Type": "application/json"}
# Entries that others refer to, so that they cannot be deleted.
REFERRED = {"agreements": AGREEMENT, "topics": topic_id("health"), "partners": CITY, "goals": goal_id(1)}
# What no request can cause here: that the server cannot read HTTP, conflicts that are each resource's own, and what a
# role forbids, which tests/access tries, and a full disk (tests/faults). Keys, changes, histories and the log have their own.
# A PUT answers 201 only once. What is under the ids of other systems is tried in tests/interchange.
ELSEWHERE = {"400", "403", "409", "507"}
WALKED = [
    each
    for each in OPERATIONS
    if each.path.split("/")[1] in (*PATHS, "reports", "exports")
    and not each.path.endswith(("/history", "/receipt"))
    and "/external/" not in each.path
]
PUTS = {each.part: each.body for each in ALL_PUTS}
BELOW = {"{partner_id}": CITY, "{on}": "2025-02-28"}
FILES = (CSV, "application/jsonl", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


class Sender:
    """Sends one operation's request, right by default, with anything in it said otherwise."""

    def __init__(self, client: httpx.AsyncClient, operation: Operation) -> None:
        self.client = client
        self.operation = operation
        self.resource = operation.path.split("/")[1]
        # What stands below a resource is named by one segment of the path.
        self.part = next((part for part in PUTS if f"/{part}/" in operation.path), "")

    @property
    def is_file(self) -> bool:
        """Whether it answers a file, whose form the address ends with."""
        return "{suffix}" in self.operation.path

    @property
    def suffixes(self) -> list[str]:
        """The forms that the file is there in."""
        return next(each["schema"]["enum"] for each in self.operation.content["parameters"] if each["name"] == "suffix")

    async def __call__(self, *, id: str | None = None, suffix: str = "csv", **parts: Any) -> httpx.Response:
        path = self.operation.path
        for name, value in (BELOW | {"{suffix}": suffix}).items():
            path = path.replace(name, value)
        if "{id}" in path:
            path = path.replace("{id}", id or await self.made())
        is_versioned = self.operation.method in {"patch", "delete"}
        request: dict[str, Any] = {"headers": {"If-Match": self.version} if is_versioned else {}}
        if self.operation.bodies and "content" not in parts:
            request["json"] = self.body()
        return await self.client.request(self.operation.method.upper(), f"/v1{path}", **(request | parts))

    async def made(self) -> str:
        """The id of a new resource, with what the operation is about below it."""
        id: str = (await make(self.client, self.resource))["id"]
        if self.part:
            below = CITY if self.part != "observations" else BELOW["{on}"]
            answer = await self.client.put(f"/v1/{self.resource}/{id}/{self.part}/{below}", json=PUTS[self.part])
            assert answer.status_code in {200, 201}
        return id

    @property
    def version(self) -> str:
        """The ETag of what was made."""
        return '"2"' if self.part == "participants" else '"1"'

    def body(self) -> Any:
        """What the operation takes."""
        if self.part:
            return PUTS[self.part]
        return {"visibility": "public"} if self.operation.method == "patch" else body_of(self.resource)


async def ordinary(send: Sender) -> AsyncIterator[httpx.Response]:
    """The answers to who does everything right."""
    yield await send()
    if send.operation.method == "put":
        yield await send(id=(await make(send.client, send.resource))["id"])
    if send.operation.method == "get" and "{id}" in send.operation.path:
        yield await send(headers={"If-None-Match": '"1"'})
    elif send.is_file:
        for suffix in send.suffixes:
            yield await send(suffix=suffix)
    elif send.resource == "reports":
        yield await send(headers={"Accept": "text/csv"})
        yield await send(headers={"Accept": "application/pdf"})
    elif send.operation.method == "get":
        await make(send.client, send.resource)
        await make(send.client, send.resource)
        page = await send(params={"limit": "1", "include_total": "true"})
        assert "link" in page.headers
        yield page


async def refused(send: Sender) -> AsyncIterator[httpx.Response]:
    """The answers to who does something wrong."""
    yield await send(headers={"Authorization": "Bearer unknown", "If-Match": '"1"'})
    yield await send(params={"unknown": "1"}) if not send.operation.bodies else await send(json={"unknown": "1"})
    if send.is_file:
        yield await send(suffix="pdf")
    if "{id}" in send.operation.path:
        yield await send(id="nonsense")
        yield await send(id=NOWHERE)
        yield await send(id=await removed(send))
        yield await send(headers={"If-Match": "nonsense", "If-None-Match": "nonsense"})
    if "{id}" in send.operation.path:
        yield await send(headers={"If-Match": '"7"'})
    if send.operation.method in {"patch", "delete"}:
        yield await send(headers={})
    if send.operation.method == "delete" and send.resource in REFERRED:
        yield await send(id=REFERRED[send.resource])
    if send.operation.bodies:
        yield await send(content=b"{", headers=JSON)
        yield await send(content=b"{}", headers={"Content-Type": "text/plain"})
        yield await send(content=b" " * 2_000_000, headers=JSON)
        yield await send(content=never(), headers=JSON, id=measure_id(1, 1))


async def removed(send: Sender) -> str:
    """The id of a resource that is gone, or below which what the operation reads is gone."""
    if send.part in {"statements", "observations"} and send.operation.method != "put":
        id = await send.made()
        below = BELOW["{on}"] if send.part == "observations" else CITY
        address = f"/v1/{send.resource}/{id}/{send.part}/{below}"
        assert (await send.client.delete(address, headers={"If-Match": "*"})).status_code == 204
        return id
    made = await make(send.client, send.resource)
    assert (await delete(send.client, send.resource, made)).status_code == 204
    return str(made["id"])


async def never() -> AsyncIterator[bytes]:
    """A body that does not come."""
    await asyncio.Event().wait()
    yield b""


@pytest.fixture(scope="module")
async def stranded() -> AsyncIterator[FastAPI]:
    """A service without its database."""
    async with running(settings_for("sqlite:////nowhere/register.db")) as app:
        yield app


@pytest.fixture(scope="module")
async def busy() -> AsyncIterator[FastAPI]:
    """A service that is asked too often."""
    settings = settings_for("sqlite:////nowhere/register.db").model_copy(update={"rate_limit": 1})
    async with running(settings) as app:
        yield app


async def failing(send: Sender, app: FastAPI) -> AsyncIterator[httpx.Response]:
    """The answer in a crash."""
    database, app.state.runtime.database = app.state.runtime.database, None
    yield await send(id=NOWHERE)
    app.state.runtime.database = database


async def unavailable(send: Sender) -> AsyncIterator[httpx.Response]:
    """The answer without a database."""
    yield await send(id=NOWHERE)


async def too_often(send: Sender) -> AsyncIterator[httpx.Response]:
    """The answer to who asks too often: twice, as a new minute can begin between two requests."""
    for _ in range(2):
        await send.client.get("/healthz")
        yield await send(id=NOWHERE)


def mistakes(operation: Operation, answer: httpx.Response) -> list[str]:
    """How an answer differs from what the contract promises."""
    promised = operation.answers.get(str(answer.status_code))
    if promised is None:
        return [f"{answer.status_code} is not in the contract"]
    found = []
    for name, reference in promised["headers"].items():
        header = followed(reference)
        if name not in answer.headers:
            found += [f"{name} is not sent"] if header["required"] else []
            continue
        text = answer.headers[name]
        found += faults(header["schema"], int(text) if header["schema"]["type"] == "integer" else text)
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if not media_type:
        return found + (["no content"] if "content" in promised else [])
    if media_type not in promised.get("content", {}):
        return [*found, f"{media_type} is not in the contract"]
    content = answer.content.decode(errors="replace") if media_type in FILES else answer.json()
    return found + faults(promised["content"][media_type]["schema"], content)


@any_database
class TestAnswers:
    @pytest.mark.parametrize("operation", [pytest.param(each, id=each.id) for each in WALKED])
    async def test_are_those_of_the_contract(
        self,
        app: FastAPI,
        stranded: FastAPI,
        busy: FastAPI,
        templates: Templates,
        monkeypatch: pytest.MonkeyPatch,
        operation: Operation,
    ) -> None:
        monkeypatch.setattr(request_body, "SECONDS_TO_SEND", 0.01)
        seen = set()
        key = templates.keys["operator"]
        async with (
            client_of(app) as anyone,
            client_of(app, key) as client,
            client_of(stranded, key) as stranded_client,
            client_of(busy, key) as busy_client,
        ):
            without_key = await Sender(anyone, operation)(id=NOWHERE)
            assert (without_key.status_code == 401) is ({} not in operation.content["security"])
            send = Sender(client, operation)
            for answers in (
                ordinary(send),
                refused(send),
                failing(send, app),
                unavailable(Sender(stranded_client, operation)),
                too_often(Sender(busy_client, operation)),
            ):
                async for answer in answers:
                    assert mistakes(operation, answer) == [], answer.text
                    seen.add(str(answer.status_code))
        assert operation.answers.keys() - ELSEWHERE == seen - ELSEWHERE

    def test_are_checked_for_every_resource(self) -> None:
        assert {operation.path.split("/")[1] for operation in WALKED} == {*PATHS, "reports", "exports"}
