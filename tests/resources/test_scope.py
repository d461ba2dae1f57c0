"""`agreement_id` and `goal_id`: the two filters of every list, every report and the feed, with one meaning."""

from typing import Any

import httpx
import pytest

from app.catalogue import FEATURES
from app.cli.seed import load_content, read_agreement
from app.settings import Settings
from tests.access.test_agreements import BERLIN, FILES, GOAL, LAND, MEASURE, in_berlin
from tests.databases import any_database
from tests.dresden import AGREEMENT, CITY, LIGA, goal_id, measure_id
from tests.factories import changes_after, delete, items_of, make, patch
from tests.kinds import PUTS
from tests.tables import rows_of

REPORTS = (
    "progress",
    "progress/sub-measures",
    "early-involvement",
    "early-involvement/decisions",
    "early-involvement/partners",
    "indicators",
    "exchange",
    "upcoming",
)
BELOW = {"statements": "decisions", "observations": "indicators"}


@pytest.fixture
async def register(client: httpx.AsyncClient, settings: Settings) -> dict[str, dict[str, Any]]:
    """Something of each kind in Berlin's agreement about its goal; returns it by the path of its kind."""
    await load_content(settings, read_agreement(FILES / "berlin.yaml"))
    about: dict[str, dict[str, Any]] = {
        "consultation-events": {"agenda_items": [{"title": "x", "sub_measure_id": MEASURE}]},
        "decisions": {"sub_measure_ids": [MEASURE], "decides_on": "2025-05-15", "statements_due_on": "2025-05-01"},
        "needs": {"sub_measure_ids": [MEASURE]},
        "indicators": {"goal_id": None, "sub_measure_id": MEASURE, "target_on": "2025-01-01"},
        "sub-measures": {"milestones": [{"title": "x", "due_on": "2025-01-01"}]},
    }
    made = {
        path: await make(client, path, **body | about.get(path, {}))
        for path, body in in_berlin(LAND).items()
        if path not in ("topics", "goals")
    }
    for put in PUTS[:2]:
        above = made[put.above]["id"]
        answer = await client.put(f"/v1/{put.above}/{above}/{put.part}/{put.at}", json=put.body)
        assert answer.status_code == 201
        made[put.part] = answer.json()
    key = (await client.post("/v1/keys", json={"partner_id": LAND, "role": "contributor"})).json()["key"]
    subject = {"subject_type": "sub_measure", "subject_id": MEASURE}
    for path, body in (
        ("objections", {"text": "Nein."}),
        ("proposals", {"reason": "Irrtum.", "changes": {"summary": "So war es."}}),
    ):
        sent = await client.post(f"/v1/{path}", json=subject | body, headers={"Authorization": f"Bearer {key}"})
        assert sent.status_code == 201, sent.text
        made[path] = sent.json()
    return made


def addresses(register: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The path of the list of each kind that has to do with agreements."""
    return {
        each.kind.path.rpartition("/")[2]: each.kind.path.replace(
            "{id}", register.get(each.tag, {"id": ""})["id"] if each.kind.within else ""
        )
        for each in FEATURES
        if each.kind.belongs_by or each.kind.path in ("partners", "agreements")
    }


class TestLists:
    async def test_know_what_belongs_to_an_agreement_and_what_is_about_a_goal(
        self, client: httpx.AsyncClient, register: dict[str, dict[str, Any]]
    ) -> None:
        for name, path in addresses(register).items():
            here = {each["id"] for each in await items_of(client, path, agreement_id=BERLIN)}
            there = {each["id"] for each in await items_of(client, path, agreement_id=AGREEMENT)}
            everything = {each["id"] for each in await items_of(client, path)}
            both = {each["id"] for each in await items_of(client, path, agreement_id=[AGREEMENT, BERLIN])}
            about = {each["id"] for each in await items_of(client, path, goal_id=GOAL)}
            assert here.isdisjoint(there), name
            assert both == here | there, name
            assert about <= here, name
            assert about, name
            if name != "partners":
                assert everything == here | there, name
            if name in register:
                assert register[name]["id"] in about, name
                assert await items_of(client, path, goal_id=goal_id(5), agreement_id=BERLIN) == [], name

    async def test_know_partners_by_agreement_and_by_what_they_work_on(
        self, client: httpx.AsyncClient, register: dict[str, dict[str, Any]]
    ) -> None:
        assert register
        assert [each["slug"] for each in await items_of(client, "partners", goal_id=GOAL)] == ["land-berlin"]
        assert CITY in {each["id"] for each in await items_of(client, "partners", agreement_id=AGREEMENT)}
        assert len(await items_of(client, "partners", agreement_id=BERLIN)) == 8


@any_database
class TestReports:
    @pytest.mark.parametrize("report", REPORTS)
    async def test_are_of_one_agreement_or_goal(
        self, client: httpx.AsyncClient, register: dict[str, dict[str, Any]], report: str
    ) -> None:
        assert register
        address = report
        of_berlin = await rows_of(client, address, agreement_id=BERLIN)
        assert of_berlin
        assert await rows_of(client, address, goal_id=GOAL) == of_berlin
        before = await rows_of(client, address, agreement_id=AGREEMENT)
        await make(client, "decisions", agreement_id=BERLIN, decides_on="2025-06-01")
        await make(client, "consultation-events", agreement_id=BERLIN)
        assert await rows_of(client, address, agreement_id=AGREEMENT) == before, "a second city changes nothing"
        assert await rows_of(client, address, goal_id=GOAL, agreement_id=AGREEMENT) == [] or report == "progress"


class TestFeed:
    async def test_is_of_one_agreement_or_goal_also_of_what_is_gone(
        self, client: httpx.AsyncClient, register: dict[str, dict[str, Any]]
    ) -> None:
        need = register["needs"]
        assert (await delete(client, "needs", need)).status_code == 204
        await make(client, "needs")
        everything, _ = await changes_after(client, None)
        for params in ({"agreement_id": BERLIN}, {"goal_id": GOAL}):
            found = (await client.get("/v1/changes", params={"limit": 500, **params})).json()["items"]
            ids = {each["resource_id"] for each in found}
            assert {each["id"] for each in register.values()} <= ids
            assert [each["action"] for each in found if each["resource_id"] == need["id"]] == ["created", "deleted"]
            assert ids <= {each["resource_id"] for each in everything}
            assert not ids & {AGREEMENT, goal_id(1), measure_id(1, 1), LIGA}
        dresden = (await client.get("/v1/changes", params={"limit": 500, "agreement_id": AGREEMENT})).json()["items"]
        assert not {each["resource_id"] for each in dresden} & {each["id"] for each in register.values()}

    async def test_goes_on_with_what_was_about_a_goal_and_left_it(
        self, client: httpx.AsyncClient, register: dict[str, dict[str, Any]]
    ) -> None:
        left = await patch(client, "decisions", register["decisions"], sub_measure_ids=[])
        assert left.status_code == 200
        assert await items_of(client, "decisions", goal_id=GOAL) == []
        found = (await client.get("/v1/changes", params={"limit": 500, "goal_id": GOAL})).json()["items"]
        versions = [each["version"] for each in found if each["resource_id"] == register["decisions"]["id"]]
        assert versions == [1, 2]

    async def test_shows_the_public_nothing_by_what_it_does_not_see(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        goal = await make(callers["operator"], "goals")
        hidden = await make(callers["operator"], "sub-measures", goal_id=goal["id"], visibility="partners")
        need = await make(callers["operator"], "needs", sub_measure_ids=[hidden["id"]])
        for caller, is_found in (("anonymous", False), ("reader", True)):
            found = (await callers[caller].get("/v1/changes", params={"goal_id": goal["id"]})).json()["items"]
            assert (need["id"] in {each["resource_id"] for each in found}) is is_found
