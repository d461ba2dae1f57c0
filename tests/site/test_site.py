"""The pages for people: every page of the demo year and of a hostile record."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import httpx
import pytest
from fastapi import FastAPI

from app.access.visibility import Visibility
from app.catalogue import FEATURES
from app.cli.demo import built_in_demo, load_demo
from app.site.frame import PAGE_POLICY
from app.site.reports import REPORT_PAGES
from tests.clock import Clock
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, items_of, make, patch
from tests.problems import problem_of
from tests.resources.test_statements import Statements

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
GERMAN = BROWSER | {"Accept-Language": "de"}
HOSTILE = "\"'><script>alert(1)</script> & {{ 7 * 7 }} javascript:alert(1) =1+1"
XHTML = "{http://www.w3.org/1999/xhtml}"


def page_of(text: str) -> Element:
    """A page, which must be as HTML says."""
    document: Element = html5lib.HTMLParser(strict=True).parse(text)
    return document


def elements(page: Element, name: str) -> Iterator[Element]:
    """The elements of a name."""
    return page.iter(f"{XHTML}{name}")


def text_of(page: Element) -> str:
    """All text of a page."""
    return " ".join(" ".join(page.itertext()).split())


def languages_of(page: Element, text: str, language: str = "") -> Iterator[str]:
    """In which languages the elements of a page that begin with a text or hold it are."""
    language = page.attrib.get("lang", language)
    if text in (page.text or "") and page.tag != f"{XHTML}title":
        yield language
    for each in page:
        yield from languages_of(each, text, language)


def check(answer: httpx.Response) -> Element:
    """A page that anyone can read, that runs nothing and names itself."""
    assert answer.status_code == 200, answer.url
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    page = page_of(answer.text)
    assert not list(elements(page, "style"))
    assert not list(elements(page, "script"))
    assert [each.text for each in elements(page, "h1")] != [""]
    assert len(list(elements(page, "h1"))) == 1
    for each in page.iter():
        assert not [name for name in each.attrib if name == "style" or name.startswith("on")]
    for link in elements(page, "a"):
        assert re.match(r"/|https?://|#", link.attrib["href"]), link.attrib
    assert all(each.attrib["alt"] for each in elements(page, "img"))
    return page


@pytest.fixture(scope="module")
async def year(templates: Templates) -> AsyncIterator[httpx.AsyncClient]:
    """Anyone's client of the demo year."""
    async with (
        templates.fresh("seeded") as settings,
        running(settings) as app,
        client_of(app) as client,
    ):
        await load_demo(settings, built_in_demo())
        yield client


def in_record(address: str) -> bool:
    """Whether an address is a page of the record, and not one of the same list in another order."""
    parts = urlsplit(address)
    return not parts.netloc and not parts.path.startswith(("/v1", "/docs")) and not parts.query and bool(parts.path)


@any_database
class TestYear:
    @pytest.mark.thorough
    async def test_has_no_page_that_is_not_whole(self, year: httpx.AsyncClient) -> None:
        """Every page is reached from the first one, is HTML, and leads nowhere else than to pages that are there."""
        waiting, seen = ["/"], {"/"}
        while waiting:
            address = waiting.pop()
            page = check(await year.get(address, headers=GERMAN))
            assert page.attrib["lang"] == "de"
            for link in elements(page, "a"):
                target = link.attrib["href"].partition("#")[0]
                if in_record(target) and target not in seen:
                    seen.add(target)
                    waiting.append(target)
        for feature in FEATURES:
            for entry in await all_of(year, feature.kind.path):
                address = feature.kind.path.format(id=entry.get(feature.kind.within or ""))
                assert f"/{address}/{entry[feature.kind.key]}" in seen
        assert {f"/reports/{name}" for name in REPORT_PAGES} <= seen

    @pytest.mark.parametrize("path", ["/", "/decisions", "/sub-measures?q=bildung", "/reports/early-involvement"])
    async def test_says_the_same_in_both_languages(self, year: httpx.AsyncClient, path: str) -> None:
        german, english = [
            check(await year.get(path, headers=BROWSER | {"Accept-Language": language})) for language in ("de", "en")
        ]
        assert (german.attrib["lang"], english.attrib["lang"]) == ("de", "en")
        assert len(list(elements(german, "tr"))) == len(list(elements(english, "tr"))) > 0
        [switch] = [each for each in elements(english, "a") if each.attrib.get("class") == "language"]
        assert text_of(page_of((await year.get(switch.attrib["href"], headers=BROWSER)).text)) == text_of(german)

    async def test_says_in_which_language_people_wrote(self, year: httpx.AsyncClient) -> None:
        """Screen readers read what is within an English page as German (WCAG 3.1.2)."""
        [decision] = await items_of(year, "decisions", q="Zuschüsse an freie Träger im Doppelhaushalt")
        statements = await items_of(year, f"decisions/{decision['id']}/statements")
        goal = (await items_of(year, "goals"))[0]["title"]
        for path, written in (
            ("/", goal),
            ("/goals", goal),
            ("/reports/progress", goal),
            (f"/decisions/{decision['id']}", decision["title"]),
            (f"/decisions/{decision['id']}", statements[0]["text"]),
            (f"/decisions/{decision['id']}", decision["result"]),
        ):
            english = check(await year.get(path, headers=BROWSER))
            [*shown] = languages_of(english, written)
            assert (path, set(shown)) == (path, {"de"})
            assert set(languages_of(english, "Decisions")) == {"en"}
            german = check(await year.get(path, headers=GERMAN))
            assert [each.attrib["lang"] for each in german.iter() if "lang" in each.attrib] == ["de", "en"]
        topic = (await items_of(year, "topics"))[0]
        for headers in (GERMAN, BROWSER):
            page = check(await year.get(f"/topics/{topic['id']}", headers=headers))
            assert list(languages_of(page, topic["translations"]["en"])) == ["en"]

    async def test_counts_what_the_filters_find(self, year: httpx.AsyncClient) -> None:
        page = check(await year.get("/consultation-events?format=conference", headers=BROWSER))
        [facets] = [each for each in elements(page, "section") if each.attrib.get("class") == "facets"]
        choices = [each for each in elements(facets, "a") if "aria-current" not in each.attrib]
        assert len(choices) > len(list(elements(facets, "ul")))
        for choice in choices:
            asked = httpx.URL(choice.attrib["href"]).copy_add_param("include_total", "true")
            answer = await year.get(asked.copy_with(path=f"/v1{asked.path}"))
            assert text_of(choice).endswith(f" {answer.json()['total']}"), choice.attrib["href"]

    async def test_puts_lists_into_the_order_of_their_columns(self, year: httpx.AsyncClient) -> None:
        """From what is first now, the oldest, to the latest, with the filters that are set."""
        page = check(await year.get("/consultation-events?status=held", headers=BROWSER))
        [shown] = [each for each in elements(page, "th") if each.attrib.get("aria-sort") == "ascending"]
        [link] = elements(shown, "a")
        turned = check(await year.get(link.attrib["href"], headers=BROWSER))
        assert [each.attrib["aria-sort"] for each in elements(turned, "th") if "aria-sort" in each.attrib] == [
            "descending"
        ]
        told, told_after = ([text_of(each) for each in elements(each, "tr")] for each in (page, turned))
        latest = (await items_of(year, "consultation-events", status="held", sort="-starts_at"))[0]
        assert latest["title"] in told_after[1]
        assert latest["title"] not in told[1]

    async def test_leads_from_a_partner_to_what_waits_for_it(self, year: httpx.AsyncClient) -> None:
        partner = check(await year.get(f"/partners/{CARITAS}", headers=GERMAN))
        [path] = [
            each.attrib["href"]
            for each in elements(partner, "a")
            if each.attrib["href"].startswith("/reports/upcoming")
        ]
        page = check(await year.get(path, headers=GERMAN))
        assert "Nur: Caritasverband für Dresden e. V. , alle anzeigen" in text_of(page)
        due = await items_of(year, "reports/upcoming", partner_id=CARITAS)
        assert len(list(elements(page, "tr"))) == len(due) + 1 < len(await items_of(year, "reports/upcoming"))
        for link in elements(page, "a"):
            if link.attrib["href"].startswith("/v1/reports/upcoming"):
                assert CARITAS in link.attrib["href"]
        assert (await year.get("/reports/upcoming?nonsense=1", headers=BROWSER)).status_code == 422

    async def test_tells_how_a_decision_came_about(self, year: httpx.AsyncClient) -> None:
        [decision] = [
            each
            for each in await items_of(year, "decisions")
            if each["title"].endswith("Zuschüsse an freie Träger im Doppelhaushalt 2025/2026")
        ]
        told = text_of(check(await year.get(f"/decisions/{decision['id']}", headers=GERMAN)))
        moments = [
            "07.10.2024 Angekündigt",
            "05.11.2024 Termin",
            "18.11.2024 Stellungnahme",
            "29.11.2024 Stellungnahmen erbeten bis",
            "19.12.2024 Entschieden",
        ]
        assert [told.index(each) for each in moments] == sorted(told.index(each) for each in moments)
        assert "05.11.2024 bei einer Veranstaltung 44" in told

    async def test_is_not_sent_again_to_who_has_it(self, year: httpx.AsyncClient) -> None:
        for path in ("/", "/goals", "/charts/progress.svg"):
            tag = (await year.get(path, headers=BROWSER)).headers["etag"]
            again = await year.get(path, headers=BROWSER | {"If-None-Match": tag})
            assert (again.status_code, again.content) == (304, b"")
            other = await year.get(path, headers=GERMAN | {"If-None-Match": tag})
            assert other.status_code == 200

    async def test_is_made_once_of_each_state(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        asked = Statements(app.state.runtime.database.reader)
        for title in ("Erst", "Dann"):
            goal = (await make(client, "goals", title=title))["title"]
            for path in ("/goals", "/goals?sort=title", "/charts/progress.svg"):
                asked.clear()
                made = await client.get(path, headers=BROWSER)
                statements = len(asked.sent)
                asked.clear()
                kept = await client.get(path, headers=BROWSER)
                assert len([each for each in asked.sent if each.startswith("SELECT")]) == 1, asked.sent
                assert len(asked.sent) < statements
                assert (kept.content, kept.headers["etag"]) == (made.content, made.headers["etag"])
                assert goal in made.text or path.endswith(".svg")
                other = await client.get(path, headers=GERMAN)
                assert other.content != kept.content or path.endswith(".svg")

    @pytest.mark.parametrize("name", REPORT_PAGES)
    async def test_draws_its_figures(self, year: httpx.AsyncClient, name: str) -> None:
        answer = await year.get(f"/charts/{name}.svg", headers=GERMAN)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert answer.text.startswith("<svg ")
        assert "<script" not in answer.text
        assert answer.text.count("<rect") > 1


async def all_of(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """All of a kind, whatever it stands below."""
    above, _, below = path.partition("/{id}/")
    entries = await items_of(client, above, limit=200)
    if not below:
        return entries
    lists = [await items_of(client, f"{above}/{each['id']}/{below}") for each in entries]
    return [each for items in lists for each in items]


@any_database
class TestRecord:
    async def test_is_kindly_empty(self, empty_client: httpx.AsyncClient) -> None:
        told = text_of(check(await empty_client.get("/", headers=GERMAN)))
        for said in ("Noch keine Vereinbarung", "Noch keine Entscheidung", "Noch kein Treffen", "Noch kein Bedarf"):
            assert said in told
        for feature in FEATURES:
            if feature.kind.key == "id":
                page = check(await empty_client.get(f"/{feature.kind.path}", headers=GERMAN))
                assert "Dazu ist noch nichts erfasst." in text_of(page)

    async def test_goes_by_the_day(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        """What is kept of a day holds for all of it: an event of this morning is the next one until tomorrow."""
        clock = Clock(app)
        await make(client, "consultation-events", title="Frühstück", starts_at=f"{clock.day}T06:00:00Z")
        assert "Frühstück" in text_of(check(await client.get("/", headers=GERMAN))).partition("Nächster Termin")[2][:40]
        clock.wait(1)
        assert "Kein Termin angekündigt" in text_of(check(await client.get("/", headers=GERMAN)))

    async def test_begins_with_the_decisions_to_come(self, client: httpx.AsyncClient) -> None:
        days = {"announced_on": "2030-01-07", "statements_due_on": "2030-02-15", "decides_on": "2030-03-21"}
        decision = await make(client, "decisions", title="Entgelte", **days)
        said = "Anstehende Entscheidungen Entgelte : Stellungnahmen bis 15.02.2030, Entscheidung am 21.03.2030"
        assert said in text_of(check(await client.get("/", headers=GERMAN)))
        assert (await patch(client, "decisions", decision, status="withdrawn")).status_code == 200
        assert "Keine Entscheidung angekündigt." in text_of(check(await client.get("/", headers=GERMAN)))

    async def test_shows_hostile_texts_as_they_are(self, client: httpx.AsyncClient) -> None:
        event = await make(client, "consultation-events", title=HOSTILE, description=f"{HOSTILE}\nhttps://a.example/ b")
        for path in ("/", "/consultation-events"):
            assert HOSTILE in text_of(check(await client.get(path, headers=BROWSER)))
        page = check(await client.get(f"/consultation-events/{event['id']}", headers=BROWSER))
        assert text_of(page).count(HOSTILE) > 1
        hostile = await client.get("/consultation-events", params={"q": HOSTILE[:60]}, headers=BROWSER)
        [box] = [each for each in elements(check(hostile), "input") if each.attrib.get("name") == "q"]
        assert box.attrib["value"] == HOSTILE[:60]

    async def test_names_what_is_named_by_a_term_in_words(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        said = await client.put(
            f"/v1/decisions/{decision['id']}/statements/{CARITAS}", json={"position": "support", "text": "Ja."}
        )
        assert said.status_code == 201, said.text
        for headers, words in (
            (GERMAN, "Stellungnahmen: Zustimmung angelegt"),
            (BROWSER, "Statements: support created"),
        ):
            assert words in text_of(check(await client.get("/", headers=headers)))

    async def test_is_what_anyone_may_see(self, callers: Mapping[str, httpx.AsyncClient]) -> None:
        client = callers["operator"]
        need = await make(client, "needs", title="Nur unter uns", visibility=Visibility.partners)
        for caller in (client, callers["anonymous"]):
            for path in ("/", "/needs", "/reports/upcoming"):
                assert "Nur unter uns" not in (await caller.get(path, headers=BROWSER)).text
            assert (await caller.get(f"/needs/{need['id']}", headers=BROWSER)).status_code == 404
        await patch(client, "needs", need, visibility=Visibility.public)
        assert "Nur unter uns" in (await callers["anonymous"].get("/needs", headers=BROWSER)).text

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/nowhere", 404),
            ("/goals/nothing", 404),
            ("/goals/00000000-0000-0000-0000-000000000000", 404),
            ("/decisions/x/statements", 404),
            ("/goals?colour=red", 422),
            ("/goals?limit=1_0", 422),
            ("/goals?q=a&q=b", 422),
            ("/decisions?status=forgotten", 422),
            ("/charts/secrets.svg", 404),
        ],
    )
    @any_database
    async def test_leads_home_from_what_is_not_there(self, client: httpx.AsyncClient, path: str, status: int) -> None:
        answer = await client.get(path, headers=GERMAN)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert "/" in [each.attrib["href"] for each in elements(page_of(answer.text), "a")]
        problem_of(await client.get(path), status, "not-found" if status == 404 else "validation-error")
