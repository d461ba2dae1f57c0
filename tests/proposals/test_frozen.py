"""What is on record, tried with every write of the contract by one side's keys alone."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest

from app.settings import Settings
from tests.contract.reading import BESIDE, OPERATIONS, Operation
from tests.databases import any_database, only_postgresql
from tests.factories import CARITAS, CITY, LIGA, make, patch
from tests.faults.test_deadlock import until_waiting
from tests.problems import problem_of
from tests.proposals.evidence import DECIDED, KEPT, Callers, Record, others, recorded
from tests.schemas import resolved

SIDES = {"authority": ("keeper",), "associations": ("contributor", "other_contributor")}
BY_SEGMENT = {
    "decisions": "decision",
    "consultation-events": "event",
    "progress-reports": "report",
    "indicators": "observation",
    "needs": "need",
    "sub-measures": "measure",
    "agreements": "agreement",
}
# What is written under the ids of other systems passes the same function as these: tests/interchange.
WRITES = [each for each in OPERATIONS if each.method in ("patch", "put", "delete") and "/external/" not in each.path]
# Whoever makes keys can make those of other sides: that is no key of this side's alone.
LEFT_OUT = ("/keys", *BESIDE)


def addresses_of(operation: Operation, record: Record, proposals: list[str]) -> Iterator[str]:
    """Where an operation can be tried on what is on record, or on what refers to it."""
    segment = operation.path.split("/")[1]
    if segment == "proposals":
        yield from proposals
    elif segment in BY_SEGMENT:
        ids = record.id_of(BY_SEGMENT[segment])
        for partner in (LIGA, CARITAS) if "{partner_id}" in operation.path else ("",):
            yield "/v1" + operation.path.format(id=ids, partner_id=partner, on="2025-02-28")


def bodies_of(operation: Operation) -> Iterator[Any]:
    """Bodies that try to change each field for itself; a PUT sends what it requires with it."""
    if not operation.bodies:
        yield None
        return
    media = operation.bodies["application/json"]
    schema = resolved(media["schema"])
    required = {name: value for name, value in media["example"].items() if name in schema.get("required", ())}
    for name, each in schema["properties"].items():
        for value in others(each):
            yield {**required, name: value}


@any_database
class TestRecord:
    def test_has_a_place_for_every_write(self) -> None:
        segments = {each.path.split("/")[1] for each in WRITES if not each.path.startswith(LEFT_OUT)}
        assert segments == {*BY_SEGMENT, "proposals", "objections", "partners", "topics", "goals"}

    @pytest.mark.thorough
    @pytest.mark.parametrize("side", SIDES)
    async def test_is_not_changed_by_one_sides_keys_alone(self, callers: Callers, side: str) -> None:
        record = await recorded(callers)
        before = await record.evidence(callers["admin"])
        first = callers[SIDES[side][0]]
        proposals = [
            await proposed(first, "decision", record.id_of("decision"), {"decided_on": "2025-05-16"}),
            await proposed(first, "consultation_event", record.id_of("event"), {"status": "planned"}),
        ]
        frozen: set[str] = set()
        for caller in SIDES[side]:
            for operation in WRITES:
                answers = [
                    await tried(callers[caller], operation.method, address, body)
                    for address in addresses_of(operation, record, proposals)
                    for body in bodies_of(operation)
                ]
                frozen.update(*(each.json().get("fields", []) for each in answers if each.status_code == 409))
                # What is refused leaves nothing, so that one look behind all of it sees what any of it has left.
                if operation is WRITES[-1] or any(each.is_success for each in answers):
                    assert await record.evidence(callers["reader"]) == before, (caller, operation.id)
        if side == "authority":
            assert frozen >= {"decided_on", "starts_at", "participants", "title", "value", "hearing", "goal_id"}
            assert frozen >= set(KEPT["decision"]) - {"status"}

    async def test_names_the_way_to_correct_it(self, callers: Callers) -> None:
        record = await recorded(callers)
        answer = await callers["admin"].patch(
            record.addresses["event"], json={"status": "held", "timezone": "UTC"}, headers={"If-Match": "*"}
        )
        problem = problem_of(answer, 409, "frozen")
        assert problem["fields"] == ["timezone"]
        assert "/v1/proposals" in problem["detail"]

    async def test_is_let_go_by_no_other_way(self, callers: Callers) -> None:
        """An event is held as long as the decision links it, a need and a sub-measure whatever they go through."""
        record = await recorded(callers)
        before = await record.evidence(callers["admin"])
        city, caritas = callers["admin"], callers["contributor"]
        for client, name, changes in (
            (caritas, "need", {"status": "closed"}),
            (caritas, "need", {"status": "open"}),
            (city, "measure", {"status": "cancelled", "status_reason": "Kein Geld."}),
            (city, "measure", {"status": "proposed"}),
        ):
            answer = await client.patch(record.addresses[name], json=changes, headers={"If-Match": "*"})
            assert answer.status_code == 200, answer.text
        for client, name in ((caritas, "need"), (city, "measure")):
            answer = await client.patch(record.addresses[name], json={"title": "Anders"}, headers={"If-Match": "*"})
            assert problem_of(answer, 409, "frozen")["fields"] == ["title"]
        assert await record.evidence(city) == before

    async def test_leaves_the_rest_of_an_event_to_its_organiser(self, callers: Callers) -> None:
        record = await recorded(callers)
        city, address = callers["admin"], record.addresses["event"]
        present = (await city.get(address)).json()["participants"]
        more = [*present[::-1], {"partner_id": CITY, "attendance": "attended", "role": "host"}]
        answer = await city.patch(
            address, json={"outcome": "Ein Entwurf.", "participants": more}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
        fewer = [each for each in more if each["partner_id"] != LIGA]
        answer = await city.patch(address, json={"participants": fewer}, headers={"If-Match": "*"})
        assert problem_of(answer, 409, "frozen")["fields"] == ["participants"]


@only_postgresql
async def test_a_decision_waits_for_changes_of_its_events_that_began_before(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """Else such a change could stand behind the decision in the log."""
    event = await make(client, "consultation-events")
    decision = await make(client, "decisions", consultation_event_ids=[event["id"]])
    connection = await asyncpg.connect(settings.database_url)
    try:
        async with connection.transaction():
            locking = "SELECT 1 FROM consultation_event WHERE id = $1 FOR NO KEY UPDATE"
            await connection.execute(locking, event["id"])
            deciding = asyncio.create_task(patch(client, "decisions", decision, **DECIDED))
            await until_waiting(connection)
        assert (await deciding).status_code == 200
    finally:
        await connection.close()


async def proposed(client: httpx.AsyncClient, kind: str, id: str, changes: dict[str, Any]) -> str:
    """Where a new proposal is."""
    body = {"subject_type": kind, "subject_id": id, "changes": changes, "reason": "Irrtum."}
    answer = await client.post("/v1/proposals", json=body)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def tried(client: httpx.AsyncClient, method: str, address: str, body: Any) -> httpx.Response:
    """What a write is answered."""
    content = {} if body is None else {"json": body}
    answer = await client.request(method.upper(), address, headers={"If-Match": "*"}, **content)
    assert re.fullmatch("20.|40[39]|41.|422|404", str(answer.status_code)), (method, address, body, answer.text)
    return answer
