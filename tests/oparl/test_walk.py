"""Whoever starts at the system reaches all that is public, and each object is as OParl 1.1 says."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

import httpx
import pytest

from app.cli.demo import built_in_demo, load_demo
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import AGREEMENT, items_of, make
from tests.oparl.rules import LISTS, RULES
from tests.oparl.walking import START, Walk, pages


class Year(NamedTuple):
    """A register with the invented year and some of it for partners only, and a walk through it."""

    anyone: httpx.AsyncClient
    walk: Walk
    hidden: list[str]


@pytest.fixture(scope="module")
async def year(templates: Templates) -> AsyncIterator[Year]:
    """The invented year, walked through once."""
    async with (
        templates.fresh("seeded") as settings,
        running(settings) as app,
        client_of(app, templates.keys["operator"]) as client,
        client_of(app) as anyone,
    ):
        await load_demo(settings, built_in_demo())
        kept = {"visibility": "partners", "agreement_id": AGREEMENT}
        partner = await make(client, "partners", name="Verein für Vertrauliches", visibility="partners")
        event = await make(
            client,
            "consultation-events",
            **kept,
            title="Vertrauliches Gespräch",
            location="Vertraulicher Ort",
            participants=[{"partner_id": partner["id"]}],
            documents=[{"title": "Vertrauliches", "url": "https://example.org/vertraulich.pdf"}],
            agenda_items=[{"title": "Vertraulicher Punkt"}],
        )
        decision = await make(client, "decisions", **kept, title="Vertrauliche Entscheidung")
        await make(
            client,
            "consultation-events",
            agreement_id=AGREEMENT,
            participants=[{"partner_id": partner["id"]}],
            agenda_items=[{"title": "Mit der Entscheidung", "decision_id": decision["id"]}],
            documents=[
                {"title": "Einladung", "url": "https://example.org/einladung.pdf", "media_type": "application/pdf"}
            ],
        )
        hidden = [each["id"] for each in (partner, event, decision)]
        yield Year(anyone, await Walk(anyone).begin(), hidden)


def ids(addresses: Iterable[str]) -> set[str]:
    """The ids at the ends of addresses."""
    return {address.rpartition("/")[2] for address in addresses}


@any_database
class TestWalk:
    async def test_meets_every_type_and_list_that_there_is_something_for(self, year: Year) -> None:
        assert {type for type, found in year.walk.objects.items() if found} == RULES.keys() - {"LegislativeTerm"}
        [body] = year.walk.objects["Body"].values()
        full = {name for name in LISTS if year.walk.lists[body[name]]}
        assert full == LISTS.keys() - {"person", "membership", "legislativeTermList"}

    async def test_reaches_all_that_is_public(self, year: Year) -> None:
        objects, client = year.walk.objects, year.anyone
        events = await items_of(client, "consultation-events", limit=200)
        decisions = await items_of(client, "decisions", limit=200)
        assert ids(objects["Meeting"]) == {each["id"] for each in events}
        assert ids(objects["Paper"]) == {each["id"] for each in decisions}
        assert ids(objects["Body"]) == {each["id"] for each in await items_of(client, "agreements")}
        assert ids(objects["Organization"]) == {each["id"] for each in await items_of(client, "partners")}
        assert len(objects["AgendaItem"]) == sum(len(each["agenda_items"]) for each in events)
        assert len(objects["Location"]) == sum(each["location"] is not None for each in events)
        assert len(objects["File"]) == sum(len(each["documents"]) for each in events) > 0
        about = {
            (item["decision_id"], event["id"])
            for event in events
            for item in event["agenda_items"]
            if item["decision_id"] in {each["id"] for each in decisions}
        }
        named = {(each["id"], event) for each in decisions for event in each["consultation_event_ids"]}
        public = {each["id"] for each in events}
        asked = sum(bool(each["involved_partner_ids"]) for each in decisions)
        assert len(objects["Consultation"]) == asked + len(about | {pair for pair in named if pair[1] in public})

    async def test_finds_everything_in_a_list(self, year: Year) -> None:
        met = {address for found in year.walk.objects.values() for address in found}
        assert met - year.walk.listed == set(year.walk.objects["System"])

    async def test_meets_nothing_that_is_not_public(self, year: Year) -> None:
        told = str([*year.walk.objects.values(), *year.walk.lists.values()])
        assert "ertraulich" not in told
        for id in year.hidden:
            assert id not in told
            for segment in ("meeting", "paper", "organization", "location", "agendaItem"):
                for key in ("", "/1"):
                    answer = await year.anyone.get(f"{START}/{segment}/{id}{key}")
                    assert answer.status_code == 404
        since = {"modified_since": "2000-01-01T00:00:00Z"}
        [body] = year.walk.objects["Body"].values()
        for name in LISTS:
            again = await pages(year.anyone, body[name], **since)
            assert [each for each in again if "deleted" not in each] == year.walk.lists[body[name]]
            assert not [each for each in again if "deleted" in each]

    async def test_finds_links_that_lead_back(self, year: Year) -> None:
        objects = year.walk.objects
        for consultation in objects["Consultation"].values():
            paper = objects["Paper"][consultation["paper"]]
            assert consultation["id"] in [each["id"] for each in paper["consultation"]]
            if "agendaItem" in consultation:
                item = objects["AgendaItem"][consultation["agendaItem"]]
                assert (item["consultation"], item["meeting"]) == (consultation["id"], consultation["meeting"])
        assert any("consultation" in item for item in objects["AgendaItem"].values())
        for organization in objects["Organization"].values():
            held = year.walk.lists[organization["meeting"]]
            assert {each["id"] for each in held} == {
                meeting["id"]
                for meeting in objects["Meeting"].values()
                if organization["id"] in meeting.get("organization", ())
            }


@any_database
class TestPages:
    @pytest.mark.parametrize("name", ["meeting", "agendaItem", "paper", "person"])
    async def test_go_on_and_back_alike(self, year: Year, name: str) -> None:
        [body] = year.walk.objects["Body"].values()
        whole = year.walk.lists[body[name]]
        assert await pages(year.anyone, body[name], elementsPerPage=4) == whole
        last = (await year.anyone.get(body[name], params={"elementsPerPage": 4})).json()["links"].get("last")
        assert last is None or await pages(year.anyone, last, "prev") == whole
        assert (last is None) is (name == "person")

    async def test_keep_the_filters(self, year: Year) -> None:
        [body] = year.walk.objects["Body"].values()
        meetings = year.walk.lists[body["meeting"]]
        middle = meetings[len(meetings) // 2]["created"]
        for attribute in ("created", "modified"):
            for end, is_in in (("since", str.__ge__), ("until", str.__le__)):
                wanted: dict[str, Any] = {f"{attribute}_{end}": middle, "elementsPerPage": 5}
                assert await pages(year.anyone, body["meeting"], **wanted) == [
                    each for each in meetings if is_in(each[attribute], middle)
                ]

    async def test_leave_out_what_stands_inside(self, year: Year) -> None:
        [body] = year.walk.objects["Body"].values()
        lean = await pages(year.anyone, body["meeting"], omit_internal=True)
        assert not [each for each in lean if each.keys() & {"agendaItem", "auxiliaryFile", "location"}]
        assert [each["id"] for each in lean] == [each["id"] for each in year.walk.lists[body["meeting"]]]

    async def test_count_what_is_one_object_each(self, year: Year) -> None:
        [body] = year.walk.objects["Body"].values()
        page = (await year.anyone.get(body["meeting"], params={"elementsPerPage": 1})).json()
        assert page["pagination"] == {"totalElements": len(year.walk.lists[body["meeting"]])}
