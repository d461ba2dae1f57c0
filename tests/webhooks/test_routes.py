"""`/v1/webhook-endpoints`"""

from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from app.webhooks import leases
from app.webhooks.rules import LONGEST_WAIT, WAITS, asked_wait, wait_before
from tests.contract.reading import OPERATIONS, faults, followed
from tests.databases import any_database
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, NOWHERE, delete, end_of_feed, errors_of, make
from tests.problems import problem_of
from tests.webhooks.conftest import Later, Worker
from tests.webhooks.receiver import FAILS, Receiver
from tests.webhooks.test_delivering import PATH, deliveries, registered

Callers = Mapping[str, httpx.AsyncClient]

URL = "https://93.184.216.34/hook"


def promised(name: str, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer by the contract."""
    [operation] = [each for each in OPERATIONS if each.id == name]
    told = followed(operation.answers[str(answer.status_code)])
    missing = [header for header in told["headers"] if header.lower() not in answer.headers]
    schema = told["content"]["application/json"]["schema"]
    # The next page, and the limits, which the test's client has none of.
    return [*faults(schema, answer.json()), *(each for each in missing if each != "Link")]


class TestCreateWebhookEndpoint:
    async def test_answers_what_was_sent_and_the_secret_once(self, app: FastAPI, callers: Callers) -> None:
        caritas = callers["contributor"]
        body = {
            "url": URL,
            "description": "Fachanwendung",
            "event_types": ["need.created", "sub_measure.updated"],
            "agreement_ids": [AGREEMENT],
            "own_changes": "excluded",
        }
        position = await end_of_feed(caritas)
        answer = await caritas.post(PATH, json=body)
        made = answer.json()
        assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
        assert answer.headers["cache-control"] == "no-store"
        assert promised("createWebhookEndpoint", answer) == []
        assert {name: made[name] for name in body} == body
        assert (made["partner_id"], made["is_enabled"], made["disabled_because"]) == (CARITAS, True, None)
        secret = made.pop("secret")
        read = await caritas.get(answer.headers["location"])
        assert (read.json(), read.headers["etag"]) == (made, '"1"')
        assert promised("getWebhookEndpoint", read) == []
        assert (await caritas.get(answer.headers["location"], headers={"If-None-Match": '"1"'})).status_code == 304
        assert await end_of_feed(caritas) == position, "it is no part of the record"

        def everything(connection: Connection) -> str:
            return str([connection.execute(select(table)).all() for table in SQLModel.metadata.sorted_tables])

        tables = await app.state.runtime.database.read(everything)
        assert UUID(made["id"]).hex in tables.replace("-", "")
        assert secret.removeprefix("whsec_") not in tables

    @any_database
    async def test_refuses_what_would_never_come(self, callers: Callers) -> None:
        caritas = callers["contributor"]
        for fields, errors in (
            ({"event_types": ["need.eaten"]}, [("#/event_types/0", "enum")]),
            ({"event_types": []}, [("#/event_types", "too_short")]),
            ({"event_types": ["*", "*"]}, [("#/event_types", "repeated")]),
            ({"agreement_ids": [AGREEMENT, NOWHERE]}, [("#/agreement_ids/1", "unknown_reference")]),
            ({"own_changes": None}, [("#/own_changes", "enum")]),
            ({"partner_id": CITY}, [("#/partner_id", "extra_forbidden")]),
        ):
            answer = await caritas.post(PATH, json={"url": URL, **fields})
            assert errors_of(answer) == errors
        for _ in range(10):
            assert (await caritas.post(PATH, json={"url": URL})).status_code == 201
        assert errors_of(await caritas.post(PATH, json={"url": URL})) == [("#", "too_many")]
        assert (await callers["umbrella"].post(PATH, json={"url": URL})).status_code == 201

    @any_database
    async def test_keeps_no_answer(self, callers: Callers) -> None:
        made = (await callers["contributor"].post(PATH, json={"url": URL})).json()
        for address, body in ((PATH, {"url": URL}), (f"{PATH}/{made['id']}/secret", {})):
            answer = await callers["contributor"].post(address, json=body, headers={"Idempotency-Key": "a"})
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_kept")

    @any_database
    async def test_is_not_there_without_a_key_of_the_installation(self, app: FastAPI, callers: Callers) -> None:
        made = (await callers["contributor"].post(PATH, json={"url": URL})).json()
        runtime = app.state.runtime
        runtime.settings = runtime.settings.model_copy(update={"webhook_key": None})
        for address, body in ((PATH, {"url": URL}), (f"{PATH}/{made['id']}/secret", {})):
            problem_of(await callers["contributor"].post(address, json=body), 409, "webhooks-off")
        assert (await callers["contributor"].get(f"{PATH}/{made['id']}")).json()["version"] == 1


class TestListWebhookEndpoints:
    @any_database
    async def test_goes_page_by_page_and_shows_the_own_ones(self, callers: Callers) -> None:
        made = [(await callers["contributor"].post(PATH, json={"url": URL})).json()["id"] for _ in range(3)]
        other = (await callers["umbrella"].post(PATH, json={"url": URL})).json()["id"]
        page = await callers["contributor"].get(PATH, params={"limit": 2})
        assert promised("listWebhookEndpoints", page) == []
        rest = (await callers["contributor"].get(PATH, params={"cursor": page.json()["next_cursor"]})).json()
        assert [each["id"] for each in (*page.json()["items"], *rest["items"])] == made
        assert rest["next_cursor"] is None
        for params, expected in (
            ({}, [*made, other]),
            ({"partner_id": LIGA}, [other]),
            ({"is_enabled": "false"}, []),
            ({"is_enabled": "true", "partner_id": [LIGA, CARITAS]}, [*made, other]),
        ):
            items = (await callers["keeper"].get(PATH, params=params)).json()["items"]
            assert [each["id"] for each in items] == expected


class TestUpdateWebhookEndpoint:
    async def test_needs_the_version_and_keeps_it_where_nothing_changes(self, callers: Callers) -> None:
        caritas = callers["contributor"]
        address = (await caritas.post(PATH, json={"url": URL, "agreement_ids": [AGREEMENT]})).headers["location"]
        problem_of(await caritas.patch(address, json={"description": "Neu"}), 428, "precondition-required")
        same = await caritas.patch(address, json={"agreement_ids": [AGREEMENT]}, headers={"If-Match": '"1"'})
        assert (same.status_code, same.headers["etag"]) == (200, '"1"')
        changed = await caritas.patch(address, json={"description": "Neu"}, headers={"If-Match": '"1"'})
        assert promised("updateWebhookEndpoint", changed) == []
        assert (changed.json()["description"], changed.headers["etag"]) == ("Neu", '"2"')
        assert changed.json() == (await caritas.get(address)).json()
        for method in ("patch", "delete"):
            body = {"description": "Alt"} if method == "patch" else None
            answer = await caritas.request(method, address, headers={"If-Match": '"1"'}, json=body)
            assert problem_of(answer, 412, "precondition-failed")["current_etag"] == '"2"'
        assert (await caritas.delete(address, headers={"If-Match": '"2"'})).status_code == 204
        problem_of(await caritas.get(address), 404, "not-found")
        problem_of(await caritas.delete(address, headers={"If-Match": "*"}), 404, "not-found")

    async def test_tries_at_once_what_failed_elsewhere(
        self, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        caritas = callers["contributor"]
        endpoint = await registered(caritas, receiver)
        await worker.deliver()
        receiver.usually = FAILS
        await make(callers["operator"], "goals")
        await worker.deliver()
        first = receiver.received[-1]
        receiver.plan = ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
        answer = await caritas.patch(
            f"{PATH}/{endpoint['id']}", json={"url": f"{receiver.url}&new"}, headers={"If-Match": '"1"'}
        )
        assert answer.status_code == 200
        await worker.deliver()
        assert (receiver.received[-1].id, receiver.received[-1].path) == (first.id, "/hook?for=register&new")
        off = await caritas.patch(f"{PATH}/{endpoint['id']}", json={"is_enabled": False}, headers={"If-Match": '"2"'})
        assert (off.json()["is_enabled"], off.json()["disabled_because"]) == (False, None)
        await make(callers["operator"], "goals")
        assert (await caritas.post(f"{PATH}/{endpoint['id']}/ping")).status_code == 202
        count = len(receiver.received)
        await worker.deliver()
        assert [each.content["type"] for each in receiver.received[count:]] == ["ping"]


class TestListWebhookDeliveries:
    async def test_shows_the_latest_and_keeps_no_more_than_so_many(
        self, callers: Callers, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(leases, "MOST_KEPT", 3)
        caritas = callers["contributor"]
        endpoint = await registered(caritas, receiver)
        for _ in range(4):
            await make(callers["operator"], "goals")
        await worker.deliver()
        answer = await caritas.get(f"{PATH}/{endpoint['id']}/deliveries", params={"limit": 2})
        assert promised("listWebhookDeliveries", answer) == []
        page = answer.json()
        rest = await deliveries(caritas, endpoint, cursor=page["next_cursor"])
        kept = [*page["items"], *rest["items"]]
        assert [each["message_id"] for each in kept] == [each.id for each in receiver.received[:1:-1]]
        assert (rest["next_cursor"], page["position"]) == (None, kept[0]["position"])
        assert all((each["status"], each["attempt"], each["failure"]) == (204, 1, None) for each in kept)
        problem_of(await caritas.get(f"{PATH}/{NOWHERE}/deliveries"), 404, "not-found")


class TestPartner:
    async def test_that_is_deleted_takes_its_endpoints_with_it(
        self, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        partner = await make(callers["operator"], "partners")
        made = await callers["keeper"].post("/v1/keys", json={"partner_id": partner["id"], "role": "contributor"})
        key = made.json()
        headers = {"Authorization": f"Bearer {key['key']}"}
        answer = await callers["anonymous"].post(PATH, json={"url": receiver.url}, headers=headers)
        assert answer.status_code == 201
        await worker.deliver()
        assert len(receiver.received) == 1
        assert (await callers["keeper"].delete(f"/v1/keys/{key['id']}")).status_code == 204
        assert (await delete(callers["keeper"], "partners", partner)).status_code == 204
        problem_of(await callers["admin"].get(answer.headers["location"]), 404, "not-found")


class TestWaits:
    def test_grow_and_are_not_all_alike(self) -> None:
        for attempt, seconds in enumerate((*WAITS, WAITS[-1]), start=1):
            assert wait_before(attempt, 0.5).total_seconds() == seconds
            assert wait_before(attempt, 0).total_seconds() == pytest.approx(seconds * 0.8)
            assert wait_before(attempt, 1).total_seconds() == pytest.approx(seconds * 1.2)

    def test_are_as_long_as_a_receiver_asks_for(self) -> None:
        now = Later()()
        for said, seconds in (
            (None, None),
            ("", None),
            ("soon", None),
            ("-1", None),
            ("Wed, 99 Nov 2026 00:00:00 GMT", None),
            (f"Wed, 01 Jan {9**20} 00:00:00 GMT", None),
            ("0", 0),
            ("120", 120),
            ("9" * 400, LONGEST_WAIT.total_seconds()),
            (now.strftime("%a, %d %b %Y %H:%M:%S GMT"), 0),
            ("Wed, 01 Jan 2200 00:00:00 GMT", LONGEST_WAIT.total_seconds()),
            ("Wed, 01 Jan 2200 00:00:00 -0000", LONGEST_WAIT.total_seconds()),
        ):
            wait = asked_wait(said, now)
            assert (wait and wait.total_seconds()) == seconds or (wait is not None and not seconds), said
