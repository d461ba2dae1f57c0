"""`/v1/calendar.ics` and `/v1/calendar-feeds`: what programs subscribe to is what the API says."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from icalendar import Calendar

from app.access.keys import FEED_PREFIX, is_well_formed, new_key
from app.language import Language
from app.logs import configure_logging
from tests.clock import Clock
from tests.databases import any_database
from tests.factories import CARITAS, CITY, LIGA, delete, goal_id, items_of, make, measure_id, patch, topic_id
from tests.problems import problem_of

Callers = Mapping[str, httpx.AsyncClient]

BERLIN = ZoneInfo("Europe/Berlin")
TIMES = {
    # The start in UTC and the end, with the zone of the event and the hour that people there see.
    "before the change to summer time": ("2025-03-29T08:00:00Z", "2025-03-29T10:00:00Z", "Europe/Berlin", 9),
    "across it": ("2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z", "Europe/Berlin", 1),
    "after it": ("2025-03-31T07:00:00Z", None, "Europe/Berlin", 9),
    "the first of two hours": ("2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z", "Europe/Berlin", 2),
    "elsewhere": ("2025-11-02T13:00:00Z", "2025-11-02T14:00:00Z", "America/New_York", 8),
    "in no zone": ("2025-07-01T12:00:00Z", None, "UTC", 12),
}


@pytest.fixture
def clock(app: FastAPI) -> Clock:
    """It is 1 March 2025."""
    return Clock(app)


def read(answer: httpx.Response) -> Calendar:
    """A calendar that keeps the rules of the format."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    calendar = Calendar.from_ical(answer.content)
    assert isinstance(calendar, Calendar)
    assert calendar["version"] == "2.0"
    known = {str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")}
    named = {
        each[name].params["TZID"]
        for each in calendar.walk("VEVENT")
        for name in ("dtstart", "dtend")
        if name in each and "TZID" in each[name].params
    }
    assert named == known, "each zone is said once, and no other"
    assert not any({"attendee", "organizer"} & {*entry.keys()} for entry in calendar.walk("VEVENT"))
    return calendar


async def entries_of(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    """The entries of a calendar by their UID."""
    calendar = read(await client.get("/v1/calendar.ics", params=params))
    entries = calendar.walk("VEVENT")
    found = {str(each["uid"]): each for each in entries}
    assert len(found) == len(entries)
    return found


class TestGetCalendar:
    async def test_says_what_the_api_says(self, client: httpx.AsyncClient, clock: Clock) -> None:
        assert clock.day == date(2025, 3, 1)
        awkward = 'Fachtag; "Sucht", \\Prävention\\ — ' + "Straßenkinder " * 9
        for title, (start, end, zone, _) in TIMES.items():
            await make(
                client,
                "consultation-events",
                title=f"{awkward}{title}",
                description="Zeile eins,\nATTENDEE:mailto:a@b; c\n\n\tEnde",
                starts_at=start,
                ends_at=end,
                timezone=zone,
                location="Rathaus, Saal 1; links",
                organiser_id=CITY,
                agenda_items=[{"title": "Begrüßung"}, {"title": "Aussprache"}],
            )
        entries = await entries_of(client, language="de")
        events = await items_of(client, "consultation-events")
        assert entries.keys() == {event["id"] for event in events}
        for event in events:
            entry, hour = entries[event["id"]], TIMES[event["title"].removeprefix(awkward)][3]
            begins = entry["dtstart"].dt
            assert (begins.astimezone(UTC), begins.hour) == (datetime.fromisoformat(event["starts_at"]), hour)
            assert (entry["dtend"].dt.astimezone(UTC) if "dtend" in entry else None) == (
                datetime.fromisoformat(event["ends_at"]) if event["ends_at"] else None
            )
            assert str(begins.tzinfo) == event["timezone"]
            assert (entry["summary"], entry["location"]) == (event["title"], event["location"])
            assert event["description"] in entry["description"]
            assert "Landeshauptstadt Dresden" in entry["description"]
            assert "2. Aussprache" in entry["description"]
            assert (entry["sequence"], entry["status"], entry["class"]) == (0, "TENTATIVE", "PUBLIC")
            assert entry["dtstamp"].dt == entry["last-modified"].dt == whole(event["updated_at"])
            assert entry["url"] == f"http://register.test/v1/consultation-events/{event['id']}"

    @any_database
    async def test_says_the_second_of_two_hours_in_utc(self, client: httpx.AsyncClient, clock: Clock) -> None:
        """A local time that comes twice means the first one."""
        assert clock.day.year == 2025
        made = await make(client, "consultation-events", starts_at="2025-10-26T01:30:00Z", ends_at=None)
        answer = await client.get("/v1/calendar.ics")
        assert b"DTSTART:20251026T013000Z" in answer.content
        assert (await entries_of(client))[made["id"]]["dtstart"].dt == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)

    @any_database
    async def test_tells_of_changes_and_keeps_what_is_cancelled(self, client: httpx.AsyncClient, clock: Clock) -> None:
        event = await make(client, "consultation-events", starts_at="2025-04-01T08:00:00Z", title="Treffen")
        for version, (status, shown) in enumerate(
            {
                "confirmed": "CONFIRMED",
                "postponed": "CANCELLED",
                "planned": "TENTATIVE",
                "cancelled": "CANCELLED",
            }.items(),
            start=1,
        ):
            event = (await patch(client, "consultation-events", event, status=status, status_reason="Krankheit")).json()
            entry = (await entries_of(client))[event["id"]]
            assert (entry["sequence"], entry["status"]) == (version, shown)
            assert "Krankheit" in entry["description"]
        clock.wait(days=300)
        assert event["id"] in await entries_of(client)
        clock.wait(days=300)
        assert event["id"] not in await entries_of(client), "what was more than a year ago"
        gone = await make(client, "consultation-events", starts_at="2026-10-01T08:00:00Z")
        assert gone["id"] in await entries_of(client)
        assert (await delete(client, "consultation-events", gone)).status_code == 204
        assert gone["id"] not in await entries_of(client)

    async def test_filters_as_the_list_does_and_shows_no_more(self, callers: Callers, clock: Clock) -> None:
        assert clock.day.year == 2025
        operator, start = callers["operator"], {"starts_at": "2025-04-01T08:00:00Z"}
        made: dict[str, dict[str, Any]] = {
            "city": {"organiser_id": CITY, "level": "strategic", "topic_ids": [topic_id("health")]},
            "guest": {"organiser_id": LIGA, "level": "operational", "participants": [{"partner_id": CARITAS}]},
            "goal": {"organiser_id": LIGA, "level": "operational", "goal_ids": [goal_id(1)]},
            "hidden": {"organiser_id": CARITAS, "level": "operational", "visibility": "partners"},
        }
        ids = {
            name: (await make(operator, "consultation-events", **start, **fields))["id"]
            for name, fields in made.items()
        }
        for params, names in (
            ({}, {"city", "guest", "goal"}),
            ({"partner_id": CARITAS}, {"guest"}),
            ({"topic_id": topic_id("health")}, {"city"}),
            ({"goal_id": goal_id(1)}, {"goal"}),
            ({"level": ["operational", "strategic"], "partner_id": LIGA}, {"guest", "goal"}),
        ):
            wanted: dict[str, Any] = {**params}
            assert (await entries_of(callers["anonymous"], **wanted)).keys() == {ids[name] for name in names}
            listed = {each["id"] for each in await items_of(callers["anonymous"], "consultation-events", **wanted)}
            assert listed == {ids[name] for name in names}
        seen = await entries_of(callers["reader"])
        assert seen.keys() == set(ids.values())
        assert seen[ids["hidden"]]["class"] == "CONFIDENTIAL"
        problem_of(await callers["anonymous"].get("/v1/calendar.ics?partner=x"), 422, "validation-error")

    @pytest.mark.parametrize(
        ("language", "texts"),
        [
            ("de", ("Stellungnahme bis heute: Haushalt", "Meilenstein: Konzept (1.1 ", "Termine und Fristen")),
            ("en", ("Statement due: Haushalt", "Milestone: Konzept (1.1 ", "Dates and deadlines")),
        ],
    )
    @any_database
    async def test_has_deadlines_where_they_are_asked_for(
        self, client: httpx.AsyncClient, clock: Clock, language: Language, texts: tuple[str, str, str]
    ) -> None:
        assert clock.day.year == 2025
        decision = await make(
            client, "decisions", title="Haushalt", statements_due_on="2025-05-01", involved_partner_ids=[CARITAS]
        )
        measure = (await client.get(f"/v1/sub-measures/{measure_id(1, 1)}")).json()
        milestones = [{"title": "Ohne Tag"}, {"title": "Konzept", "due_on": "2025-06-30", "reached_on": "2025-02-01"}]
        changed = await patch(client, "sub-measures", measure, milestones=milestones, lead_partner_id=LIGA)
        assert changed.status_code == 200
        statement, milestone = f"{decision['id']}-statements", f"{measure['id']}-milestone-2"
        assert await entries_of(client) == {}
        entries = await entries_of(client, include="deadlines", language=language)
        assert entries.keys() == {statement, milestone}
        assert entries[statement]["dtstart"].dt == date(2025, 5, 1)
        assert entries[milestone]["dtstart"].dt == date(2025, 6, 30)
        assert {str(each["transp"]) for each in entries.values()} == {"TRANSPARENT"}
        assert entries[statement]["summary"] == texts[0]
        assert entries[milestone]["summary"].startswith(texts[1])
        assert entries[milestone]["url"].endswith(f"/v1/sub-measures/{measure['id']}")
        assert (await entries_of(client, include="deadlines", partner_id=CARITAS)).keys() == {statement}
        assert await entries_of(client, include="deadlines", level="strategic") == {}, "neither has this level"
        asked = {"Accept-Language": language}
        answer = await client.get("/v1/calendar.ics", params={"include": "deadlines"}, headers=asked)
        assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "Accept-Language")
        assert str(read(answer)["name"]).startswith(texts[2])
        other = await client.get("/v1/calendar.ics", params={"include": "deadlines"})
        assert (other.headers["etag"] == answer.headers["etag"]) is (language == "en")
        await client.patch(f"/v1/decisions/{decision['id']}", json={"status": "withdrawn"}, headers={"If-Match": "*"})
        assert (await entries_of(client, include="deadlines"))[statement]["status"] == "CANCELLED"

    @any_database
    async def test_is_sent_once_to_who_asks_each_hour(self, callers: Callers, clock: Clock) -> None:
        assert clock.day.year == 2025
        operator, anonymous = callers["operator"], callers["anonymous"]
        event = await make(operator, "consultation-events", starts_at="2025-04-01T08:00:00Z")
        first = await anonymous.get("/v1/calendar.ics")
        calendar = read(first)
        assert (calendar["refresh-interval"].to_ical(), calendar["x-published-ttl"]) == (b"PT1H", "PT1H")
        assert (first.headers["cache-control"], calendar["color"]) == ("no-cache", "steelblue")
        known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
        again = await anonymous.get("/v1/calendar.ics", headers=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert (await operator.get("/v1/calendar.ics")).headers["cache-control"] == "no-store"
        await patch(operator, "consultation-events", event, title="Neu")
        assert (await anonymous.get("/v1/calendar.ics", headers=known)).status_code == 200
        problem_of(await anonymous.get("/v1/calendar.ics", headers={"If-None-Match": "x"}), 400, "malformed-request")


def whole(moment: str) -> datetime:
    """A time of the API in the whole seconds that calendars know."""
    return datetime.fromisoformat(moment).replace(microsecond=0)


async def issue(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A new secret address."""
    answer = await client.post("/v1/calendar-feeds", json=fields)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/calendar-feeds/{made['id']}"
    return made


@any_database
class TestCalendarFeeds:
    async def test_show_what_the_partners_readers_see_until_they_are_revoked(
        self, callers: Callers, clock: Clock
    ) -> None:
        assert clock.day.year == 2025
        contributor, anonymous = callers["contributor"], callers["anonymous"]
        fields = {"starts_at": "2025-04-01T08:00:00Z", "visibility": "partners", "organiser_id": LIGA}
        event = await make(callers["operator"], "consultation-events", **fields)
        made = await issue(contributor, description="Geschäftsstelle")
        secret = made["url"].removeprefix("http://register.test/v1/calendar-feeds/").removesuffix(".ics")
        assert is_well_formed(secret, FEED_PREFIX)
        assert (made["partner_id"], secret[:12]) == (CARITAS, made["prefix"])
        shown = {name: value for name, value in made.items() if name != "url"}
        assert (await contributor.get(f"/v1/calendar-feeds/{made['id']}")).json() == shown
        assert (await contributor.get("/v1/calendar-feeds")).json() == {"items": [shown], "next_cursor": None}
        answer = await anonymous.get(made["url"])
        assert answer.headers["cache-control"] == "no-store"
        used = shown | {"last_used_on": clock.day.isoformat()}
        assert (await contributor.get(f"/v1/calendar-feeds/{made['id']}")).json() == used, (
            "as of keys, it is told by the day"
        )
        calendar = read(answer)
        assert [str(each["uid"]) for each in calendar.walk("VEVENT")] == [event["id"]]
        assert "Caritas" in str(calendar["name"])
        assert await entries_of(anonymous) == {}
        none = await anonymous.get(made["url"], params={"partner_id": CITY, "language": "de"})
        assert read(none).walk("VEVENT") == []
        known = {"If-None-Match": answer.headers["etag"]}
        assert (await anonymous.get(made["url"], headers=known)).status_code == 304
        problem_of(await contributor.delete(f"/v1/calendar-feeds/{event['id']}"), 404, "not-found")
        assert (await contributor.delete(f"/v1/calendar-feeds/{made['id']}")).status_code == 204
        problem_of(await anonymous.get(made["url"]), 410, "gone")
        problem_of(await contributor.delete(f"/v1/calendar-feeds/{made['id']}"), 404, "not-found")
        assert (await contributor.get(f"/v1/calendar-feeds/{made['id']}")).json()["revoked_at"] is not None

    async def test_are_each_partners_own(self, callers: Callers) -> None:
        made = [(await issue(callers["contributor"]))["id"] for _ in range(3)]
        other = callers["other_contributor"]
        assert (await other.get("/v1/calendar-feeds")).json()["items"] == []
        problem_of(await other.get(f"/v1/calendar-feeds/{made[0]}"), 404, "not-found")
        problem_of(await other.delete(f"/v1/calendar-feeds/{made[0]}"), 404, "not-found")
        page = (await callers["contributor"].get("/v1/calendar-feeds", params={"limit": 2})).json()
        assert [each["id"] for each in page["items"]] == made[:2]
        rest = await callers["contributor"].get("/v1/calendar-feeds", params={"cursor": page["next_cursor"]})
        assert [each["id"] for each in rest.json()["items"]] == made[2:]
        answer = await callers["contributor"].post("/v1/calendar-feeds", json={}, headers={"Idempotency-Key": "a"})
        problem_of(answer, 400, "malformed-request")

    async def test_end_with_their_partner(self, callers: Callers, clock: Clock) -> None:
        operator = callers["operator"]
        partner = await make(operator, "partners", name="Verein")
        key = await callers["keeper"].post("/v1/keys", json={"partner_id": partner["id"], "role": "contributor"})
        as_partner = {"Authorization": f"Bearer {key.json()['key']}"}
        made = await callers["anonymous"].post("/v1/calendar-feeds", json={}, headers=as_partner)
        url = made.json()["url"]
        assert (await patch(operator, "partners", partner, dissolved_on=str(clock.day))).status_code == 200
        assert (await callers["anonymous"].get(url)).status_code == 200
        clock.wait(days=1)
        problem_of(await callers["anonymous"].get(url), 410, "gone")
        ended = (await operator.get(f"/v1/partners/{partner['id']}")).json()
        assert (await delete(operator, "partners", ended)).status_code == 204
        problem_of(await callers["anonymous"].get(url), 404, "not-found")

    @any_database
    async def test_are_told_to_nobody_else(self, callers: Callers, caplog: pytest.LogCaptureFixture) -> None:
        """No line of the log and no problem document holds the secret, right, wrong or broken."""
        made = await issue(callers["contributor"])
        secret = made["url"].rpartition("/")[2].removesuffix(".ics")
        root = logging.getLogger()
        handlers, level, stream = root.handlers[:], root.level, StringIO()
        configure_logging("debug")
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(stream)
        root.addHandler(caplog.handler)
        other_key = new_key()
        wrong = f"{secret[:-1]}{'0' if secret[-1] != '0' else '1'}"
        texts = []
        try:
            for said in (secret, wrong, f"{secret[:40]}=%0A{secret[40:]}", secret.upper()):
                for address in (f"{said}.ics", said, f"{said}.ics/more", f"{said}.ics?level=x"):
                    answer = await callers["anonymous"].get(f"/v1/calendar-feeds/{address}")
                    texts += [answer.text] if answer.status_code != 200 else []
            logging.getLogger("app.test").error("cannot read %s", f"https://x.example/{secret}.ics")
            logging.getLogger("app.test").error("key", extra={"sent": f'Bearer {other_key} "quoted"'})
        finally:
            root.handlers[:], root.level = handlers, level
        lines = stream.getvalue()
        assert [json.loads(line) for line in lines.splitlines()]
        assert len(texts) == 15
        paths = [str(vars(record).get("path")) for record in caplog.records]
        for text in (lines, *texts, *paths):
            for part in (secret[12:30], secret[42:], secret[12:30].upper(), other_key[12:30]):
                assert part not in text
        assert '"/v1/calendar-feeds/crc_***"' in lines
