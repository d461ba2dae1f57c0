"""Deliveries: everything arrives, in order and signed, whatever the receiver does."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks import Webhook

from app.runtime import Runtime
from app.webhooks import delivering, sending
from tests.contract.reading import faults
from tests.databases import any_database
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, changes_after, delete, end_of_feed, make, patch
from tests.schemas import document
from tests.tables import rows_of
from tests.webhooks.conftest import Later, Worker
from tests.webhooks.receiver import (
    BREAKS_OFF,
    BUSY,
    FAILS,
    GONE,
    NEVER_ENDS,
    NO_HTTP,
    OK,
    REDIRECTS,
    SAYS_TOO_LITTLE,
    SAYS_TOO_MUCH,
    Answer,
    Received,
    Receiver,
    hangs,
    hangs_behind_head,
    receiving,
)

Callers = Mapping[str, httpx.AsyncClient]

PATH = "/v1/webhook-endpoints"
BAD: Mapping[str, tuple[Any, str, int | None]] = {
    "fails": (FAILS, "status", 500),
    "redirects": (REDIRECTS, "redirect", 307),
    "hangs": (hangs, "timeout", None),
    "speaks no HTTP": (NO_HTTP, "protocol", None),
    "breaks off": (BREAKS_OFF, "protocol", None),
}
"""What receivers do that took nothing."""
ODD = (SAYS_TOO_MUCH, SAYS_TOO_LITTLE, NEVER_ENDS, hangs_behind_head)
"""What receivers do that took it, and have something wrong behind the head of their answer."""


async def registered(caller: httpx.AsyncClient, receiver: Receiver, **fields: Any) -> Any:
    """A new endpoint at the receiver."""
    answer = await caller.post(PATH, json={"url": receiver.url, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def deliveries(caller: httpx.AsyncClient, endpoint: Any, **params: Any) -> Any:
    """How far an endpoint is, and what was tried."""
    answer = await caller.get(f"{PATH}/{endpoint['id']}/deliveries", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def signatures(secret: str, received: Received) -> str:
    """What the library that receivers use makes of a message."""
    at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    return Webhook(secret).sign(received.id, at, received.body.decode())


def schema_of(name: str) -> Any:
    """What the contract says of a message."""
    return document()["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]


class TestMessages:
    async def test_are_signed_and_say_what_is_public(
        self, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        """First a ping, then the feed in its order; of what is for partners only there is no more than where to read it."""
        caritas, operator = callers["contributor"], callers["operator"]
        await make(operator, "needs", raised_by_id=LIGA)
        endpoint = await registered(caritas, receiver, description="Fachanwendung")
        cursor = await end_of_feed(operator)
        await worker.deliver()
        [ping] = receiver.received
        assert (ping.path, ping.headers["content-type"]) == ("/hook?for=register", "application/json")
        assert Webhook(endpoint["secret"]).verify(ping.body, ping.headers)["data"] == {"endpoint_id": endpoint["id"]}
        assert faults(schema_of("ping"), ping.content) == []

        shown = await make(operator, "sub-measures", title="Für alle")
        hidden = await make(operator, "needs", raised_by_id=LIGA, title="Nur für Partner", visibility="partners")
        shown = (await patch(operator, "sub-measures", shown, title="Für alle, neu")).json()
        # What is deleted is not told again, so that is sent before.
        await worker.deliver()
        await delete(operator, "sub-measures", shown)
        changes, _ = await changes_after(operator, cursor)
        await worker.deliver()
        told = receiver.received[1:]
        assert [each.content["type"] for each in told] == [
            "sub_measure.created",
            "need.created",
            "sub_measure.updated",
            "sub_measure.deleted",
        ]
        for message, change in zip(told, changes, strict=True):
            assert Webhook(endpoint["secret"]).verify(message.body, message.headers) == message.content
            assert faults(schema_of("change"), message.content) == []
            about = message.content["data"]
            assert message.content["timestamp"] == change["at"]
            assert {name: about[name] for name in about if name != "change"} == {
                name: change[name] for name in ("position", "resource_type", "resource_id", "version")
            }
        assert [each.content["data"]["change"] for each in told] == [changes[0], None, changes[2], changes[3]]
        assert hidden["title"].encode() not in b"".join(each.body for each in told)

    @any_database
    async def test_do_not_say_what_is_hidden_while_a_slow_receiver_takes_others(
        self, callers: Callers, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delivering, "RECORD_SECONDS", 0)
        await registered(callers["contributor"], receiver)
        await worker.deliver()
        await make(callers["operator"], "goals")
        shown = await make(callers["operator"], "sub-measures", title="Noch öffentlich")

        async def hides() -> str:
            hidden = await patch(callers["operator"], "sub-measures", shown, visibility="partners")
            assert hidden.status_code == 200
            return OK

        receiver.plan = [hides]
        await worker.deliver()
        assert [each.content["type"] for each in receiver.received[1:]] == [
            "goal.created",
            "sub_measure.created",
            "sub_measure.updated",
        ]
        assert [each.content["data"]["change"] for each in receiver.received[2:]] == [None, None]


class TestRetries:
    async def test_bring_everything_in_order_whatever_the_receiver_does(
        self,
        callers: Callers,
        worker: Worker,
        receiver: Receiver,
        later: Later,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """What was not taken comes again under the same id, and nothing comes before it."""
        caritas, operator = callers["contributor"], callers["operator"]
        endpoint = await registered(caritas, receiver)
        await worker.deliver()
        cursor = await end_of_feed(operator)
        for name in ("eins", "zwei", "drei"):
            await make(operator, "goals", title=name)
        changes, _ = await changes_after(operator, cursor)
        begun = len(receiver.received)
        for answer, failure, status in BAD.values():
            receiver.plan = [answer]
            with monkeypatch.context() as patch:
                patch.setattr(sending, "SECONDS", 1 if answer is hangs else sending.SECONDS)
                await worker.deliver()
            state = await deliveries(caritas, endpoint, limit=1)
            assert [state["items"][0][name] for name in ("failure", "status")] == [failure, status]
            assert state["waiting"]
            assert state["failing_since"] <= state["next_attempt_at"]
            count = len(receiver.received)
            await worker.deliver()
            assert len(receiver.received) == count, "it waits"
            later.wait(hours=1)
        receiver.plan = [BUSY]
        await worker.deliver()
        later.wait(minutes=119)
        await worker.deliver()
        assert len(receiver.received) == begun + len(BAD) + 1, "as long as it was asked to"
        later.wait(minutes=1)
        receiver.plan = [*ODD[:1]]
        await worker.deliver()
        again = receiver.received[begun:]
        assert [each.position for each in again[: len(BAD) + 2]] == [changes[0]["position"]] * (len(BAD) + 2)
        assert len({each.id for each in again}) == len({each.body for each in again}) == 3
        assert [each.position for each in again[len(BAD) + 1 :]] == [each["position"] for each in changes]
        state = await deliveries(caritas, endpoint, limit=3)
        assert (state["waiting"], state["failing_since"], state["next_attempt_at"]) == (False, None, None)
        assert [(each["attempt"], each["status"]) for each in state["items"]] == [(1, 204), (1, 204), (7, 200)]

    async def test_end_with_410_or_after_three_days(
        self, callers: Callers, worker: Worker, receiver: Receiver, later: Later
    ) -> None:
        """The partner is told in what is upcoming; enabled again, the endpoint goes on where it was."""
        caritas, operator = callers["contributor"], callers["operator"]
        endpoint = await registered(caritas, receiver, description="Fachanwendung")
        address = f"{PATH}/{endpoint['id']}"
        await worker.deliver()
        for answer, why in ((GONE, "gone"), (FAILS, "failing")):
            begun = len(receiver.received)
            await make(operator, "goals", title=why)
            receiver.usually = answer
            for _ in range(40):
                await worker.deliver()
                later.wait(hours=8.1 if why == "failing" else 24 * 5)
            kept = (await caritas.get(address)).json()
            assert (kept["is_enabled"], kept["disabled_because"]) == (False, why)
            tried = receiver.received[begun:]
            assert len(tried) == (1 if why == "gone" else 10)
            assert len({each.id for each in tried}) == 1
            rows = await rows_of(caritas, "upcoming", kind="webhook_endpoint")
            assert [(row["title"], row["resource_id"], row["partner_id"]) for row in rows] == [
                ("Fachanwendung", endpoint["id"], CARITAS)
            ]
            assert rows == await rows_of(callers["keeper"], "upcoming", kind="webhook_endpoint")
            for other in ("anonymous", "umbrella"):
                assert await rows_of(callers[other], "upcoming", kind="webhook_endpoint") == []
            assert await rows_of(caritas, "upcoming", kind="webhook_endpoint", agreement_id=AGREEMENT) == []
            receiver.usually = OK
            enabled = await caritas.patch(
                address, json={"is_enabled": True}, headers={"If-Match": f'"{kept["version"]}"'}
            )
            assert (enabled.status_code, enabled.json()["disabled_because"]) == (200, None)
            await worker.deliver()
            assert receiver.received[-1].id == tried[0].id, "nothing is left out"
            assert await rows_of(caritas, "upcoming", kind="webhook_endpoint") == []

    @any_database
    async def test_do_not_wait_for_a_clock_that_was_put_back(
        self, callers: Callers, worker: Worker, receiver: Receiver, later: Later
    ) -> None:
        await registered(callers["contributor"], receiver)
        await worker.deliver()
        later.wait(days=-1)
        await make(callers["operator"], "goals")
        await worker.deliver()
        assert [each.content["type"] for each in receiver.received] == ["ping", "goal.created"]

    @any_database
    async def test_wait_for_such_a_clock_no_longer_than_they_can(
        self, callers: Callers, worker: Worker, receiver: Receiver, later: Later
    ) -> None:
        """For a worker that was killed before, and for a receiver that failed before."""
        await registered(callers["contributor"], receiver)
        assert await worker.begin_turns() == 1
        for turn in worker.turns:
            turn.cancel()
        await worker.settle()
        for put_back, count in (({"seconds": 40}, 0), ({"minutes": 3}, 1)):
            later.wait(**{part: -number for part, number in put_back.items()})
            await worker.deliver()
            assert len(receiver.received) == count
        receiver.plan = [FAILS]
        await make(callers["operator"], "goals")
        await worker.deliver()
        for put_back, count in (({"days": 1}, 2), ({"days": 2}, 3)):
            later.wait(**{part: -number for part, number in put_back.items()})
            await worker.deliver()
            assert len(receiver.received) == count

    @any_database
    async def test_end_with_410_to_a_ping(self, callers: Callers, worker: Worker, receiver: Receiver) -> None:
        """It is the receiver's word, whatever it was sent; one that its partner disabled itself stays so."""
        caritas = callers["contributor"]
        endpoint = await registered(caritas, receiver)
        address = f"{PATH}/{endpoint['id']}"
        receiver.usually = GONE
        await make(callers["operator"], "goals")
        await worker.deliver()
        kept = (await caritas.get(address)).json()
        assert (kept["is_enabled"], kept["disabled_because"]) == (False, "gone")
        assert kept["version"] == endpoint["version"] + 1
        assert [each.content["type"] for each in receiver.received] == ["ping"], "nothing else is sent"
        [told] = (await deliveries(caritas, endpoint))["items"]
        assert (told["failure"], told["status"]) == ("status", 410)
        for is_enabled in (True, False):
            kept = (await patch(caritas, PATH.removeprefix("/v1/"), kept, is_enabled=is_enabled)).json()
        assert (await caritas.post(f"{address}/ping")).status_code == 202
        await worker.deliver()
        assert len(receiver.received) == 2
        assert (await caritas.get(address)).json() == kept


class TestReceivers:
    @any_database
    @pytest.mark.parametrize("answer", ODD)
    async def test_that_are_odd_behind_the_head_took_it(
        self, callers: Callers, worker: Worker, receiver: Receiver, later: Later, answer: Answer
    ) -> None:
        """What is on the connection behind an answer can spoil the next one at worst, which then comes again."""
        endpoint = await registered(callers["contributor"], receiver)
        receiver.plan = [OK, answer]
        for _ in range(2):
            await make(callers["operator"], "goals")
        for _ in range(2):
            await worker.deliver()
            later.wait(minutes=1)
        assert receiver.positions == sorted(receiver.positions)
        items = (await deliveries(callers["contributor"], endpoint, failed="false"))["items"]
        assert [each["status"] for each in items] == [204, 200, 204]
        assert [each["attempt"] for each in items[1:]] == [1, 1]

    @any_database
    async def test_that_are_slow_keep_no_other_one_waiting(
        self, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        async with receiving() as slow:
            released = asyncio.Event()

            async def hangs_long() -> str:
                await released.wait()
                return OK

            slow.usually = hangs_long
            for caller in ("contributor", "umbrella"):
                await registered(callers[caller], slow if caller == "contributor" else receiver)
            await make(callers["operator"], "goals")
            assert await worker.begin_turns() == 2
            await receiver.has(1)
            assert slow.positions == []
            released.set()
            await worker.settle()
            assert len(slow.positions) == 1


class TestFilters:
    @any_database
    async def test_choose_what_is_sent(self, callers: Callers, worker: Worker, receiver: Receiver) -> None:
        caritas, operator = callers["contributor"], callers["operator"]
        chosen: list[dict[str, Any]] = [
            {"event_types": ["need.created", "goal.updated"]},
            {"own_changes": "excluded"},
            {"own_changes": "only"},
            {"agreement_ids": [AGREEMENT]},
        ]
        for fields in chosen:
            endpoint = await registered(caritas, receiver, **fields)
            cursor = await end_of_feed(operator)
            await worker.deliver()
            receiver.received.clear()
            goal = await make(operator, "goals")
            await patch(operator, "goals", goal, title="Anders")
            await make(caritas, "needs", raised_by_id=CARITAS)
            await make(operator, "partners")
            changes, _ = await changes_after(operator, cursor)
            await worker.deliver()
            wanted = {
                "event_types": [
                    each for each in changes if each["action"] == "updated" or each["resource_type"] == "need"
                ],
                "own_changes": [
                    each for each in changes if (each["by"]["partner_id"] == CARITAS) == ("only" in fields.values())
                ],
                "agreement_ids": [each for each in changes if each["resource_type"] != "partner"],
            }[next(iter(fields))]
            assert receiver.positions == [each["position"] for each in wanted]
            assert (await deliveries(caritas, endpoint))["failing_since"] is None
            answer = await caritas.delete(f"{PATH}/{endpoint['id']}", headers={"If-Match": "*"})
            assert answer.status_code == 204

    @any_database
    async def test_that_leave_much_out_are_written_down(
        self, callers: Callers, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.webhooks.delivering.MOST_PASSED", 3)
        caritas = callers["contributor"]
        endpoint = await registered(caritas, receiver, event_types=["need.created"])
        await worker.deliver()
        begun = (await deliveries(caritas, endpoint))["position"]
        for number in range(1, 4):
            await make(callers["operator"], "goals")
            await worker.deliver()
            assert (await deliveries(caritas, endpoint))["position"] == begun + (3 if number == 3 else 0)
        assert receiver.positions == []


class TestSecret:
    @any_database
    async def test_is_replaced_with_an_overlap(
        self, callers: Callers, worker: Worker, receiver: Receiver, later: Later
    ) -> None:
        caritas = callers["contributor"]
        endpoint = await registered(caritas, receiver)
        answer = await caritas.post(f"{PATH}/{endpoint['id']}/secret", json={"overlap_hours": 2})
        assert answer.status_code == 201
        secrets = [answer.json()["secret"], endpoint["secret"]]
        assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in secrets)
        assert len(set(secrets)) == 2
        await worker.deliver()
        for secret in secrets:
            Webhook(secret).verify(receiver.received[-1].body, receiver.received[-1].headers)
        later.wait(hours=2)
        await make(callers["operator"], "goals")
        await worker.deliver()
        last = receiver.received[-1]
        assert last.headers["webhook-signature"] == signatures(secrets[0], last)


class TestReplay:
    async def test_sends_a_range_or_one_position_again_under_the_same_ids(
        self, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        caritas, operator = callers["contributor"], callers["operator"]
        endpoint = await registered(caritas, receiver)
        address = f"{PATH}/{endpoint['id']}/replay"
        for _ in range(4):
            await make(operator, "goals")
        await worker.deliver()
        first = receiver.received[1:]
        [start, *_, end] = receiver.positions
        for body, expected in (
            ({"from_position": start + 1, "to_position": start + 2}, first[1:3]),
            ({"from_position": end, "to_position": end}, first[3:]),
            ({"from_position": start}, first),
        ):
            receiver.received.clear()
            receiver.plan = [FAILS]
            for _ in range(2):
                assert (await caritas.post(address, json=body)).status_code == 202
            if body != {"from_position": start}:
                other = await caritas.post(address, json={"from_position": 1})
                assert (other.status_code, other.json()["type"]) == (409, "/problems/replay-in-progress")
            await worker.deliver()
            assert (await deliveries(caritas, endpoint))["replay_until"] == body.get("to_position", end)
            assert (await caritas.post(f"{PATH}/{endpoint['id']}/ping")).status_code == 202
            await make(operator, "goals", title="Neues")
            await worker.deliver()
            told = [each for each in receiver.received if each.content["type"] != "ping"][1:]
            assert [each.id for each in told[:-1]] == [each.id for each in expected]
            assert [each.body for each in told[:-1]] == [each.body for each in expected]
            end = told[-1].position
            first.append(told[-1])
            assert (await deliveries(caritas, endpoint))["replay_until"] is None
        for wrong in ({"from_position": end + 1}, {"from_position": 1, "to_position": end + 1}):
            answer = await caritas.post(address, json=wrong)
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_delivered_yet")
        answer = await caritas.post(address, json={"from_position": 2, "to_position": 1})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "before_start")

    @any_database
    async def test_reaches_back_before_the_endpoint_and_says_what_is_public_now(
        self, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        caritas, operator = callers["contributor"], callers["operator"]
        measure = await make(operator, "sub-measures", title="War einmal öffentlich")
        hidden = await patch(operator, "sub-measures", measure, visibility="partners")
        assert hidden.status_code == 200
        endpoint = await registered(caritas, receiver)
        await worker.deliver()
        receiver.received.clear()
        assert (await caritas.post(f"{PATH}/{endpoint['id']}/replay", json={"from_position": 1})).status_code == 202
        await worker.deliver()
        changes, _ = await changes_after(caritas, None)
        assert receiver.positions == [each["position"] for each in changes]
        assert b"War einmal" not in b"".join(each.body for each in receiver.received)


class TestKeys:
    @any_database
    async def test_of_the_partner_must_work(self, callers: Callers, worker: Worker, receiver: Receiver) -> None:
        """Who reads nothing any more is sent nothing; what waited arrives when there is a key again."""
        await registered(callers["contributor"], receiver)
        await worker.deliver()
        keys = (await callers["keeper"].get("/v1/keys", params={"partner_id": CARITAS})).json()["items"]
        for key in keys:
            assert (await callers["keeper"].delete(f"/v1/keys/{key['id']}")).status_code == 204
        goal = await make(callers["operator"], "goals")
        await worker.deliver()
        assert receiver.positions == []
        answer = await callers["keeper"].post("/v1/keys", json={"partner_id": CARITAS, "role": "reader"})
        assert answer.status_code == 201
        await worker.deliver()
        told = [each.content["data"]["resource_id"] for each in receiver.received[1:]]
        assert told == [*(key["id"] for key in keys), goal["id"], answer.json()["id"]]


class TestWorkers:
    async def test_that_are_two_deliver_to_no_endpoint_out_of_order(
        self, app: FastAPI, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        """Both look all the time; whichever is faster delivers, and the other one leaves the endpoint alone."""
        runtime: Runtime = app.state.runtime
        other = Runtime.of(runtime.settings)
        second = Worker(other)
        done = asyncio.Event()

        async def keep_delivering(worker: Worker) -> None:
            while not done.is_set():
                await worker.begin_turns()
                # Who writes without a pause keeps the other writers of SQLite's file waiting until they give up.
                await asyncio.sleep(0.01)
            await worker.settle()

        async with receiving() as also:
            for each in (receiver, also):
                await registered(callers["contributor"], each)
            running = [asyncio.ensure_future(keep_delivering(each)) for each in (worker, second)]
            try:
                for number in range(20):
                    await make(callers["operator"], "goals", title=f"Ziel {number}")
                await receiver.has(20)
                await also.has(20)
            finally:
                # What goes on would deliver from the database of the next test.
                done.set()
                await asyncio.gather(*running)
                await other.close()
            changes, _ = await changes_after(callers["operator"], None)
            for each in (receiver, also):
                assert each.positions == [change["position"] for change in changes][-20:]


class TestCity:
    @any_database
    async def test_has_its_own(self, callers: Callers, worker: Worker, receiver: Receiver) -> None:
        endpoint = await registered(callers["admin"], receiver)
        assert endpoint["partner_id"] == CITY
        await worker.deliver()
        assert [each.content["type"] for each in receiver.received] == ["ping"]


@any_database
class TestWorker:
    """Whatever goes wrong, it goes on, and ends when it is asked to."""

    async def test_goes_on_when_the_database_does(
        self, worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        errors = [OSError("away"), RuntimeError("a mistake"), None]
        begin = worker.begin_turns

        async def begin_turns() -> int:
            error = errors.pop(0)
            if error:
                raise error
            worker.runtime.ending.set()
            return await begin()

        monkeypatch.setattr(worker, "begin_turns", begin_turns)
        monkeypatch.setattr(delivering, "POLL_SECONDS", 0)
        await worker.run()
        assert [each.getMessage() for each in caplog.records if each.levelname in ("WARNING", "ERROR")] == [
            "webhooks wait for the database: OSError",
            "webhooks are not delivered",
        ]

    async def test_leaves_alone_for_a_minute_what_it_has_a_mistake_with(
        self, callers: Callers, worker: Worker, receiver: Receiver, later: Later, caplog: pytest.LogCaptureFixture
    ) -> None:
        endpoint = await registered(callers["contributor"], receiver)
        resolve = worker.resolve

        async def mistaken(_host: str, _port: int) -> list[str]:
            raise RuntimeError

        worker.resolve = mistaken
        await worker.deliver()
        worker.resolve = resolve
        await worker.deliver()
        assert receiver.received == []
        errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
        assert errors == [f"a turn at endpoint {endpoint['id']} failed"]
        later.wait(minutes=1)
        await worker.deliver()
        assert len(receiver.received) == 1

    async def test_ends_in_the_middle_and_what_was_not_taken_comes_again(
        self, callers: Callers, worker: Worker, receiver: Receiver, later: Later, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delivering, "SECONDS_TO_END", 0)
        await registered(callers["contributor"], receiver)
        await worker.deliver()
        await make(callers["operator"], "goals")
        receiver.plan = [hangs]
        running = asyncio.ensure_future(worker.run())
        await receiver.has(1)
        worker.runtime.ending.set()
        await running
        worker.runtime.ending.clear()
        later.wait(minutes=1)
        await worker.deliver()
        assert len({each.id for each in receiver.received[1:]}) == 1
        assert len(receiver.received) == 3

    async def test_stops_when_the_endpoint_is_gone(self, callers: Callers, worker: Worker, receiver: Receiver) -> None:
        endpoint = await registered(callers["contributor"], receiver)
        await worker.deliver()
        for _ in range(2):
            await make(callers["operator"], "goals")

        async def deletes() -> str:
            answer = await callers["contributor"].delete(f"{PATH}/{endpoint['id']}", headers={"If-Match": "*"})
            assert answer.status_code == 204
            return FAILS

        receiver.plan = [deletes]
        await worker.deliver()
        assert len(receiver.positions) == 1
