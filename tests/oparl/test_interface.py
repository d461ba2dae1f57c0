"""`/oparl/v1.1`: what is gone, who serves it, and what is refused."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.conftest import client_of, running, settings_for
from tests.databases import any_database
from tests.factories import AGREEMENT, CITY, LIGA, NOWHERE, delete, make, patch
from tests.oparl.rules import STUB, check
from tests.oparl.walking import START, pages

PLAN = {"title": "Plan", "url": "https://example.org/plan.pdf"}
NOTES = {"title": "Notizen", "url": "https://example.org/notes.pdf"}


async def read(client: httpx.AsyncClient, address: str, status: int = 200) -> Any:
    """What is at an address of the interface."""
    answer = await client.get(address)
    assert answer.status_code == status, answer.text
    return answer.json()


async def list_of(client: httpx.AsyncClient, name: str, **params: Any) -> dict[str, dict[str, Any]]:
    """The objects of a list of Dresden's body by their addresses, as paths."""
    found = await pages(client, f"{START}/body/{AGREEMENT}/{name}", **params)
    for each in found:
        list(check(each))
    return {httpx.URL(each["id"]).path.removeprefix(f"{START}/"): each for each in found}


class TestDeletion:
    async def test_leaves_stubs_of_all_that_was_public_and_of_nothing_else(
        self, client: httpx.AsyncClient, callers: Mapping[str, httpx.AsyncClient]
    ) -> None:
        anyone = callers["anonymous"]
        event = await make(
            client,
            "consultation-events",
            agreement_id=AGREEMENT,
            organiser_id=CITY,
            location="Rathaus",
            documents=[PLAN, NOTES],
            agenda_items=[{"title": "Eins"}, {"title": "Zwei"}],
        )
        secret = await make(client, "consultation-events", agreement_id=AGREEMENT, visibility="partners")
        decision = await make(
            client,
            "decisions",
            agreement_id=AGREEMENT,
            consultation_event_ids=[event["id"]],
            involved_partner_ids=[LIGA],
        )
        id, since = event["id"], {"modified_since": event["updated_at"]}
        files = list(await list_of(anyone, "file"))
        assert len(files) == 2
        before = await read(anyone, f"{START}/meeting/{id}")

        less = {"documents": [NOTES], "agenda_items": [{"title": "Eins"}], "location": None}
        event = (await patch(client, "consultation-events", event, **less)).json()
        left = {**await list_of(anyone, "file", **since), **await list_of(anyone, "agendaItem", **since)}
        left |= await list_of(anyone, "locationList", **since)
        assert {at for at, each in left.items() if each.keys() == STUB} == {
            files[0],
            f"agendaItem/{id}/2",
            f"location/{id}",
        }
        assert all(each["modified"] >= before["modified"] for each in left.values())
        assert await read(anyone, f"{START}/{files[0]}") == left[files[0]]
        assert files[0] not in await list_of(anyone, "file")

        event = (await patch(client, "consultation-events", event, visibility="partners")).json()
        stub = await read(anyone, f"{START}/meeting/{id}")
        assert (stub.keys(), stub["created"]) == (STUB, before["created"])
        assert (await list_of(anyone, "meeting", **since)) == {f"meeting/{id}": stub}
        assert await list_of(anyone, "meeting") == {}
        hearing = (await list_of(anyone, "consultation", **since))[f"consultation/{decision['id']}/{id}"]
        assert hearing.keys() == STUB
        assert set(await list_of(anyone, "file", **since)) == set(files)

        await delete(client, "consultation-events", event)
        await delete(client, "consultation-events", secret)
        assert await read(anyone, f"{START}/meeting/{id}") == stub, "for the public it went with its visibility"
        await read(anyone, f"{START}/meeting/{secret['id']}", 404)
        assert set(await list_of(anyone, "meeting", **since)) == {f"meeting/{id}"}

        await delete(client, "decisions", (await client.get(f"/v1/decisions/{decision['id']}")).json())
        assert (await read(anyone, f"{START}/paper/{decision['id']}")).keys() == STUB
        assert (await read(anyone, f"{START}/consultation/{decision['id']}/asked")).keys() == STUB

    async def test_of_a_body_takes_its_lists_along(
        self, client: httpx.AsyncClient, callers: Mapping[str, httpx.AsyncClient]
    ) -> None:
        made = await make(client, "agreements", starts_on="2025-01-01", title="Zweite Vereinbarung")
        anyone, id = callers["anonymous"], made["id"]
        body = await read(anyone, f"{START}/body/{id}")
        [term] = body["legislativeTerm"]
        assert await read(anyone, term["id"]) == {**term, "body": body["id"]}
        assert [term["id"]] == [each["id"] for each in await pages(anyone, body["legislativeTermList"])]
        assert "body" not in await read(anyone, f"{START}/organization/{CITY}"), "a partner has no body for good"
        await delete(client, "agreements", made)
        assert (await read(anyone, f"{START}/body/{id}")).keys() == STUB
        gone = await pages(anyone, f"{START}/bodies", modified_since=made["created_at"])
        assert [each["id"] for each in gone] == [body["id"]]
        error = await read(anyone, f"{START}/body/{id}/meeting", 410)
        assert error["type"] == "https://schema.oparl.org/1.1/Error"


@any_database
class TestWhoServesIt:
    async def test_is_said_by_the_settings(self, settings: Settings) -> None:
        told = settings.model_copy(
            update={
                "public_url": "https://register.stadt.example",
                "operator": "Musterstadt",
                "contact_email": "register@stadt.example",
                "data_licence": "https://www.govdata.de/dl-de/by-2-0",
                "oparl_bodies": "14612000=https://oparl.dresden.example/bodies/1",
            }
        )
        async with running(told) as app, client_of(app) as anyone:
            system = await read(anyone, START)
            assert system["id"] == f"https://register.stadt.example{START}"
            assert (system["license"], system["contactName"]) == (told.data_licence, "Musterstadt")
            body = await read(anyone, f"{START}/body/{AGREEMENT}")
            assert body["equivalent"] == ["https://oparl.dresden.example/bodies/1"]
            assert (body["ags"], body["license"]) == ("14612000", told.data_licence)
            page = await read(anyone, f"{START}/bodies?elementsPerPage=1")
            assert page["links"]["self"] == f"https://register.stadt.example{START}/bodies?elementsPerPage=1"

    async def test_is_there_in_an_empty_register(self, empty_client: httpx.AsyncClient) -> None:
        list(check(await read(empty_client, START)))
        assert await pages(empty_client, f"{START}/bodies") == []


@any_database
class TestAnswers:
    @pytest.mark.parametrize("path", ["", "/bodies", f"/body/{AGREEMENT}", f"/body/{AGREEMENT}/organization"])
    async def test_are_not_sent_twice(self, client: httpx.AsyncClient, path: str) -> None:
        first = await client.get(START + path)
        assert (first.headers["cache-control"], first.headers["access-control-allow-origin"]) == ("no-cache", "*")
        again = await client.get(START + path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])

    @pytest.mark.parametrize(
        ("path", "status", "problem"),
        [
            ("/meeting/no-id", 422, "validation-error"),
            (f"/meeting/{NOWHERE}", 404, "not-found"),
            (f"/meeting/{NOWHERE}/1", 404, "not-found"),
            (f"/person/{NOWHERE}", 404, "not-found"),
            (f"/body/{NOWHERE}/meeting", 404, "not-found"),
            (f"/body/{AGREEMENT}/vote", 404, "not-found"),
            (f"/body/{AGREEMENT}/person?created_since=yesterday", 422, "validation-error"),
            (f"/body/{AGREEMENT}/paper?created_since=2025-01-01T00:00:00", 422, "validation-error"),
            (
                f"/body/{AGREEMENT}/paper?modified_since=2025-01-01T00:00:00Z&modified_since=2025",
                422,
                "validation-error",
            ),
            (f"/body/{AGREEMENT}/paper?cursor=abc", 422, "validation-error"),
            (f"/body/{AGREEMENT}/paper?since=2025-01-01", 422, "validation-error"),
            ("/bodies?elementsPerPage=0", 422, "validation-error"),
        ],
    )
    async def test_are_errors_of_oparl_in_problem_documents(
        self, client: httpx.AsyncClient, path: str, status: int, problem: str
    ) -> None:
        answer = await client.get(START + path, headers={"Accept-Language": "de"})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        error = answer.json()
        assert (error["type"], error["status"]) == ("https://schema.oparl.org/1.1/Error", status)
        assert error["message"] == f"{error['title']}. {error['detail']}"
        assert error["debug"] == f"/problems/{problem} {answer.headers['x-request-id']}"

    async def test_are_only_read(self, client: httpx.AsyncClient) -> None:
        assert (await client.post(f"{START}/bodies", json={})).status_code == 405
        assert settings_for("sqlite:///x").bodies == {}
