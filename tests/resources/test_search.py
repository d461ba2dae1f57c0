"""`q` finds what people see, however it was typed."""

import unicodedata

import httpx
import pytest

from tests.factories import items_of, make

FOUND = [
    ("İstanbul", ("istanbul", "ISTANBUL", "İSTANBUL", "\u0131stanbul")),
    ("Straßenfest in ÖDERAN", ("STRASSENFEST", "straßenfest", "öderan", "oderan", "Ödera")),
    ("Partnerstadt Wrocław und Łódź", ("wroclaw", "WROCŁAW", "lodz", "łódź", "Łodź")),
    ("Café Crème", ("cafe creme", "CAFÉ", unicodedata.normalize("NFD", "café"))),
    (unicodedata.normalize("NFD", "Größe"), ("größe", "grosse", "GRÖSSE")),
    ("Pflege\u00adberatung", ("pflegeberatung", "Pflege\u00adberatung", "pflege\u200bberatung")),
    ("Pflegeheim", ("Pfle\u00adge\u00adheim",)),
    ("Haus\u00a0der\u202fDiakonie", ("haus der diakonie", "Haus\u00a0der Diakonie", "haus  der   diakonie")),
    ("Drei   Wörter hier", ("drei wörter hier", " wörter ", "\u00a0drei\u2003wörter", "wörter\u00a0")),
    ("E\u2011Mail", ("e-mail", "E\u2011MAIL")),
    ("oﬃziell", ("offiziell",)),
    ("100 % und_mehr", ("100 %", "und_mehr")),
]
NOT_FOUND = [("Haus der Diakonie", "hausder"), ("Wörter", "w_rter"), ("Cafe", "\u00b4"), ("Pflege Heim", "pflegeheim")]


class TestSearch:
    @pytest.mark.parametrize(("stored", "asked"), FOUND, ids=[stored for stored, _ in FOUND])
    async def test_finds_what_looks_alike(self, client: httpx.AsyncClient, stored: str, asked: tuple[str, ...]) -> None:
        made = await make(client, "needs", title=stored)
        for q in asked:
            assert [each["id"] for each in await items_of(client, "needs", q=q)] == [made["id"]], q

    @pytest.mark.parametrize(("stored", "asked"), NOT_FOUND)
    async def test_finds_nothing_else(self, client: httpx.AsyncClient, stored: str, asked: str) -> None:
        await make(client, "needs", title=stored)
        assert await items_of(client, "needs", q=asked) == []

    async def test_finds_no_text_that_goes_on_in_the_next_field(self, client: httpx.AsyncClient) -> None:
        await make(client, "needs", title="Haus", description="Garten")
        assert await items_of(client, "needs", q="haus garten") == []

    async def test_sorts_by_what_it_finds(self, client: httpx.AsyncClient) -> None:
        for title in ("Zeit", "Łódź", "Ärzte", "lager", "\u00adMitte"):
            await make(client, "needs", title=title)
        titles = [each["title"] for each in await items_of(client, "needs", sort="title")]
        assert titles == ["Ärzte", "lager", "Łódź", "\u00adMitte", "Zeit"]


class TestDistrictsThatAreEqual:
    async def test_are_found_and_counted_once(self, client: httpx.AsyncClient) -> None:
        apart, whole = unicodedata.normalize("NFD", "Löbtau"), "Löbtau"
        made = await make(client, "needs", districts=[apart])
        assert made["districts"] == [whole]
        for asked in (apart, whole):
            assert [each["id"] for each in await items_of(client, "needs", district=asked)] == [made["id"]]
        answer = await client.post(
            "/v1/needs", json={"title": "x", "raised_by_id": made["raised_by_id"], "districts": [apart, whole]}
        )
        assert [error["code"] for error in answer.json()["errors"]] == ["repeated"]
