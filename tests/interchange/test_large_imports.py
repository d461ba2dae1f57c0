"""Imports that others write beside: what was tried before is done again, and tried anew only where something differs."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.changes.log import Transaction
from app.changes.repeating import Done, repeated
from app.cli.verify import verify_and_note
from app.interchange import importing
from app.interchange.importing import Importing, Trial
from app.settings import Settings
from tests.databases import IS_SOAK, any_database
from tests.factories import CITY, body_of, end_of_feed, goal_id, items_of, make
from tests.interchange.test_external import known
from tests.interchange.test_imports import JSONL, counts, imported, jsonl, measures

Meanwhile = Callable[[], Awaitable[Any]]
LINES, BATCH = 24, 8
MANY = 100_000 if IS_SOAK else 150
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


async def nothing() -> None:
    """Others do not write."""


async def never() -> None:
    """Nothing is to be written."""
    raise AssertionError


@dataclass
class Beside:
    """What others do when all lines were tried, and for which batches the same was found when they were written."""

    meanwhile: Meanwhile = nothing
    same: list[bool] = field(default_factory=list)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Beside:
    """Imports of three batches, which SQLite tries in a copy."""
    beside, write = Beside(), Importing.write

    async def write_late(self: Importing, trial: Trial) -> None:
        await beside.meanwhile()
        await write(self, trial)

    async def seen(session: Transaction, done: Done, *, is_same: bool) -> bool:
        beside.same.append(await repeated(session, done, is_same=is_same))
        return beside.same[-1]

    monkeypatch.setattr(importing, "SMALL", 0)
    for name in ("BATCH", "BATCH_APART"):
        monkeypatch.setattr(importing, name, BATCH)
    monkeypatch.setattr(Importing, "write", write_late)
    monkeypatch.setattr(importing, "repeated", seen)
    return beside


def numbers_of(items: list[dict[str, Any]]) -> list[int]:
    """The numbers of sub-measures, in order."""
    return sorted(each["number"] for each in items)


class TestLargeImport:
    async def test_writes_what_was_tried(
        self, client: httpx.AsyncClient, callers: Mapping[str, httpx.AsyncClient], settings: Settings, beside: Beside
    ) -> None:
        """Lines see those before them, others write beside, and what is as it was takes no lock."""
        umbrella, goal = callers["umbrella"], (await make(client, "goals"))["id"]
        lines = measures(LINES, goal_id=goal, number=None, districts=["Prohlis"])
        numbered = [{**line, "number": number} for number, line in enumerate(lines, 1)]
        beside.meanwhile = lambda: umbrella.post("/v1/goals", json=body_of("goals"))
        result = await imported(client, "sub-measures", jsonl(numbered))
        assert (counts(result)[:3], beside.same) == (("done", LINES, LINES), [True] * 3)
        made = await items_of(client, "sub-measures", goal_id=goal, district="Prohlis", limit=100)
        assert numbers_of(made) == list(range(1, LINES + 1))
        history = (await client.get(f"/v1/sub-measures/{made[0]['id']}/history")).json()["items"]
        assert [(each["action"], each["data"]) for each in history] == [("created", made[0])]
        beside.meanwhile = never
        end = await end_of_feed(client)
        assert counts(await imported(client, "sub-measures", jsonl(numbered))) == ("done", LINES, 0, 0, LINES, 0)
        assert await end_of_feed(client) == end
        changed = [{**line, "title": f"Neu {number}"} if number % 2 else line for number, line in enumerate(numbered)]
        beside.meanwhile, beside.same[:] = nothing, []
        result = await imported(client, "sub-measures", jsonl(changed))
        assert (counts(result)[1:], beside.same) == ((LINES, 0, LINES // 2, LINES // 2, 0), [True] * 3)
        assert (await client.get("/v1/sub-measures/external/crm/m3")).json()["version"] == 2
        assert (await verify_and_note(settings)).faults == []

    async def test_tries_anew_where_others_changed_what_lines_go_by(
        self, client: httpx.AsyncClient, settings: Settings, beside: Beside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The register numbers sub-measures, and somebody else gets a number first."""
        goal = (await make(client, "goals"))["id"]
        beside.meanwhile = lambda: make(client, "sub-measures", goal_id=goal)
        result = await imported(client, "sub-measures", jsonl(measures(LINES, goal_id=goal, number=None)))
        assert (counts(result)[:3], beside.same) == (("done", LINES, LINES), [False] * 3)
        assert numbers_of(await items_of(client, "sub-measures", goal_id=goal, limit=100)) == list(range(1, LINES + 2))
        assert (await verify_and_note(settings)).faults == []
        if settings.database_file is not None:
            # All of SQLite's writers wait for what is tried anew: where that is much, it is tried in another copy.
            monkeypatch.setattr(importing, "MOST_ANEW", 0)
            beside.same.clear()
            others = [{**line, "external_ids": [known(f"n{line['title']}")]} for line in measures(8, goal_id=goal)]
            result = await imported(client, "sub-measures", jsonl(others))
            assert (result["state"], [each["code"] for each in result["errors"]]) == ("failed", ["overtaken"])
            assert beside.same == [False] * importing.ATTEMPTS

    async def test_names_the_line_that_is_wrong_meanwhile(
        self, client: httpx.AsyncClient, callers: Mapping[str, httpx.AsyncClient], beside: Beside
    ) -> None:
        """And writes nothing; nor when the key is not valid any more."""
        gone = await make(client, "goals")
        lines = measures(LINES, number=None)
        lines[17]["goal_id"] = gone["id"]
        beside.meanwhile = lambda: client.delete(f"/v1/goals/{gone['id']}", headers={"If-Match": '"1"'})
        result = await imported(client, "sub-measures", jsonl(lines))
        found = [(each["line"], each["pointer"], each["code"]) for each in result["errors"]]
        assert (counts(result)[0], found) == ("failed", [(18, "#/goal_id", "unknown_reference")])
        assert await items_of(client, "sub-measures", q="Nr.") == []
        key = (await callers["admin"].post("/v1/keys", json={"role": "coordinator", "partner_id": CITY})).json()
        beside.meanwhile = lambda: callers["admin"].delete(f"/v1/keys/{key['id']}")
        bearer = {"Authorization": f"Bearer {key['key']}", "Content-Type": "application/jsonl"}
        answer = await client.post(
            "/v1/imports", params={"resource": "sub-measures"}, content=jsonl(measures(2)), headers=bearer
        )
        assert [(each["line"], each["code"]) for each in answer.json()["errors"]] == [(None, "unauthorized")]
        assert await items_of(client, "sub-measures", q="Nr.", goal_id=goal_id(1)) == []

    @any_database
    async def test_changes_nothing_for_one_bad_line_at_the_end(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A hundred thousand lines with `make soak`."""
        monkeypatch.setattr(importing, "SMALL", 0)
        lines, end = [json.dumps(each) for each in measures(MANY)], await end_of_feed(client)
        bad = json.dumps({"external_ids": [known("bad")], "goal_id": UNKNOWN_ID, "title": "Die letzte"})
        answer = await client.post(
            "/v1/imports", params={"resource": "sub-measures"}, content="\n".join([*lines, bad]), headers=JSONL
        )
        for task in list(app.state.runtime.tasks):
            await task
        result = (await client.get(f"/v1/imports/{answer.json()['id']}")).json()
        assert counts(result) == ("failed", MANY + 1, 0, 0, 0, 1)
        assert [(each["line"], each["pointer"]) for each in result["errors"]] == [(MANY + 1, "#/goal_id")]
        assert (await end_of_feed(client), await items_of(client, "sub-measures", q="Nr.")) == (end, [])

    @any_database
    async def test_takes_fewer_lines_together_where_they_are_long(
        self, client: httpx.AsyncClient, beside: Beside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "BATCH_BYTES", 1)
        assert counts(await imported(client, "sub-measures", jsonl(measures(3))))[:3] == ("done", 3, 3)
        assert beside.same == [True] * 3

    @any_database
    async def test_ends_once_it_is_more_than_the_key_may_write(
        self, client: httpx.AsyncClient, app: FastAPI, beside: Beside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before all lines are tried, and long before they are written."""
        beside.meanwhile = never
        monkeypatch.setattr(app.state.runtime.database, "write_quota", BATCH * 1024)
        result = await imported(client, "sub-measures", jsonl(measures(LINES)))
        assert [(each["line"], each["code"]) for each in result["errors"]] == [(None, "given_up")]
        assert (counts(result)[:2], "today" in result["errors"][0]["detail"]) == (("failed", BATCH), True)
