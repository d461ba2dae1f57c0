"""Systems of partners that write and read all the time, and remember what they were told."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.factories import body_of
from tests.problems import problem_of

PATH = "/v1/consultation-events"
WRITERS = 8
PATCHES_FOR_A_POST = 2


@dataclass(frozen=True)
class Asked:
    """A request whose answer did not arrive: a creation without `resource`, else a change of it."""

    title: str
    key: str
    resource: dict[str, Any] | None


@dataclass
class Writer:
    """One system that creates resources and changes them; nobody else changes what it created."""

    name: str
    written: list[dict[str, Any]] = field(default_factory=list)
    unknown: list[Asked] = field(default_factory=list)
    replayed: int = 0
    refused: int = 0
    number: int = 0

    async def write(self, client: httpx.AsyncClient) -> None:
        """Create a resource or change the last one; what is not known to have happened is noted."""
        resource = self.written[-1] if self.number % (PATCHES_FOR_A_POST + 1) else None
        self.number += 1
        asked = Asked(f"{self.name}-{self.number}", str(uuid4()), resource)
        try:
            answer = await self.send(client, asked)
        except httpx.TransportError:
            self.unknown.append(asked)
            return
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            problem_of(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "1"
            self.refused += 1
            self.unknown.append(asked)
            return
        self.note(asked, answer)

    async def send(self, client: httpx.AsyncClient, asked: Asked) -> httpx.Response:
        """Send a request, or send it again as it was."""
        if asked.resource is None:
            body = body_of("consultation-events", title=asked.title)
            return await client.post(PATH, json=body, headers={"Idempotency-Key": asked.key})
        return await client.patch(
            f"{PATH}/{asked.resource['id']}",
            json={"title": asked.title},
            headers={"If-Match": f'"{asked.resource["version"]}"'},
        )

    def note(self, asked: Asked, answer: httpx.Response) -> None:
        """Remember what was acknowledged."""
        assert answer.status_code == (201 if asked.resource is None else 200), answer.text
        written = answer.json()
        assert written["title"] == asked.title
        assert written["version"] == (1 if asked.resource is None else asked.resource["version"] + 1)
        self.replayed += "idempotent-replayed" in answer.headers
        self.written.append(written)

    async def settle(self, client: httpx.AsyncClient) -> None:
        """Repeat what has no known outcome; afterwards all of it happened once."""
        while self.unknown:
            asked = self.unknown[0]
            await self.settle_one(client, asked, await self.send(client, asked))

    async def settle_one(self, client: httpx.AsyncClient, asked: Asked, answer: httpx.Response) -> None:
        """Note how a request ended that was repeated."""
        if asked.resource is not None and answer.status_code == httpx.codes.PRECONDITION_FAILED:
            # Nobody else changes it: the change had happened, and its answer was lost.
            answer = await client.get(f"{PATH}/{asked.resource['id']}")
        self.note(asked, answer)
        self.unknown.remove(asked)


@dataclass
class Reader:
    """One system that follows the feed, page by page, and goes on where it was after any failure."""

    cursor: str | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0

    async def read(self, client: httpx.AsyncClient, **params: Any) -> bool:
        """Read the next page and return whether there is more; the cursor is kept with the page."""
        if self.cursor is not None:
            params["cursor"] = self.cursor
        answer = await client.get("/v1/changes", params=params)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            problem_of(answer, 503, "unavailable")
            self.failures += 1
            return True
        assert answer.status_code == 200, answer.text
        page = answer.json()
        self.changes += page["items"]
        self.cursor = page["next_cursor"]
        return bool(page["more"])

    async def follow(self, client: httpx.AsyncClient, ended: asyncio.Event, **params: Any) -> None:
        """Poll until the writers have ended, over failures of the network."""
        while not ended.is_set():
            try:
                await self.read(client, wait=1, **params)
            except httpx.TransportError:
                self.failures += 1

    async def catch_up(self, client: httpx.AsyncClient) -> None:
        """Read to the end."""
        while await self.read(client, limit=500):
            pass


def check_feed(changes: list[dict[str, Any]], writers: list[Writer]) -> None:
    """What was read has no gap, no double and another order nowhere, and holds every acknowledged write, once."""
    assert [change["position"] for change in changes] == list(range(1, len(changes) + 1))
    found = {(change["resource_id"], change["version"]): change["data"] for change in changes}
    assert len(found) == len(changes), "each version of a resource is there once"
    for writer in writers:
        for written in writer.written:
            assert found[written["id"], written["version"]] == written
    created = [change["data"]["title"] for change in changes if change["resource_type"] == "consultation_event"]
    assert len(created) == len(set(created)), "what was repeated happened once"
    assert sorted(created) == sorted(written["title"] for writer in writers for written in writer.written)
