"""Rights per agreement: what belongs to one is written by its parties of the day alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.access.caller import COMMAND
from app.catalogue import FEATURES
from app.changes.log import transaction
from app.cli.seed import load_content, read_agreement
from app.keys import service as keys
from app.resources.ids import named_id
from app.settings import Settings
from tests.access.matrix import OF_PARTIES, OUTSIDE, OWN_WORDS, OWNED, RULES
from tests.clock import Clock
from tests.conftest import client_of
from tests.contract.reading import BESIDE
from tests.databases import any_database
from tests.dresden import AGREEMENT, CARITAS, CITY, topic_id
from tests.factories import body_of, delete, end_of_feed, errors_of, make, patch, rule_of
from tests.kinds import PUTS, changes_of

FILES = Path(__file__).parents[1] / "files"
SLUG = "berlin-rahmenfoerdervertrag-2021"
BERLIN = str(named_id("agreements", SLUG))
GOAL = str(named_id("goals", SLUG, 3))
MEASURE = str(named_id("sub-measures", SLUG, 3, 1))
TOPIC = str(named_id("topics", SLUG, "isp"))
LAND = str(named_id("partners", "land-berlin"))

Callers = Mapping[str, httpx.AsyncClient]


@pytest.fixture
async def two_cities(app: FastAPI, settings: Settings, callers: Callers) -> AsyncIterator[Callers]:
    """The callers of Dresden on a register that holds Berlin's agreement too, and a coordinator of Berlin."""
    await load_content(settings, read_agreement(FILES / "berlin.yaml"))
    key = await callers["keeper"].post("/v1/keys", json={"partner_id": LAND, "role": "coordinator"})
    async with AsyncExitStack() as stack:
        berlin = await stack.enter_async_context(client_of(app, key.json()["key"]))
        yield {**callers, "berlin": berlin}


def in_berlin(owner: str) -> dict[str, dict[str, Any]]:
    """For each kind a body of something in Berlin's agreement that the owner owns, where it can be owned."""
    return {
        "topics": {"agreement_id": BERLIN},
        "goals": {"agreement_id": BERLIN, "topic_id": TOPIC},
        "sub-measures": {"goal_id": GOAL, "lead_partner_id": owner},
        "consultation-events": {"agreement_id": BERLIN, "organiser_id": owner},
        "decisions": {"agreement_id": BERLIN},
        "needs": {"agreement_id": BERLIN, "raised_by_id": owner},
        "indicators": {"goal_id": GOAL},
        "progress-reports": {"sub_measure_id": MEASURE, "partner_id": owner},
    }


KINDS = tuple(in_berlin(CITY))


@any_database
class TestOtherAgreement:
    def test_has_a_case_for_each_kind_that_belongs_to_one(self) -> None:
        belonging = {each.kind.path for each in FEATURES if each.kind.belongs_by}
        assert belonging == {
            *KINDS,
            *OF_PARTIES,
            *(f"{put.above}/{{id}}/{put.part}" for put in PUTS if put.part != "participants"),
        }

    def test_is_all_that_is_written_in_agreements(self) -> None:
        elsewhere = ("/keys", "/agreements", "/partners", *BESIDE)
        writes = [
            each
            for rule in RULES
            for each in rule.operations
            if not each.startswith("get ") and not each.partition(" ")[2].startswith(elsewhere)
        ]
        assert sorted(each for rule in OUTSIDE for each in rule.operations) == sorted(writes)

    @pytest.mark.parametrize("path", KINDS)
    async def test_is_not_written_by_who_is_no_party(self, two_cities: Callers, path: str) -> None:
        callers = ["coordinator", "admin", "keeper"]
        if path in (*OWNED, *OWN_WORDS):
            callers.append("contributor")
        for caller in callers:
            body = in_berlin(CARITAS if caller == "contributor" else CITY)[path]
            made = await make(two_cities["operator"], path, **body)
            name, values = next(iter(changes_of(path).items()))
            end = await end_of_feed(two_cities["admin"])
            client = two_cities[caller]
            assert rule_of(await client.post(f"/v1/{path}", json=body_of(path, **body))) == "agreement"
            assert rule_of(await patch(client, path, made, **{name: values[-1]})) == "agreement"
            assert rule_of(await delete(client, path, made)) == "agreement"
            assert await end_of_feed(two_cities["admin"]) == end
            assert (await client.get(f"/v1/{path}/{made['id']}")).json() == made

    @pytest.mark.parametrize("path", OF_PARTIES)
    async def test_is_not_contested_by_who_is_no_party(self, two_cities: Callers, path: str) -> None:
        said: dict[str, Any] = {"changes": {"title": "Anders"}, "reason": "Irrtum."}
        said = said if path == "proposals" else {"text": "Nein."}
        body = {"subject_type": "goal", "subject_id": GOAL, **said}
        answer = await two_cities["berlin"].post(f"/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        made, end = answer.json(), await end_of_feed(two_cities["admin"])
        for caller in ("contributor", "coordinator", "admin"):
            client = two_cities[caller]
            assert rule_of(await client.post(f"/v1/{path}", json=body)) == "agreement"
            assert rule_of(await patch(client, path, made, state="withdrawn")) == "agreement"
        assert await end_of_feed(two_cities["admin"]) == end

    @pytest.mark.parametrize("part", [put.part for put in PUTS])
    async def test_is_not_written_below_by_who_is_no_party(self, two_cities: Callers, part: str) -> None:
        put = next(each for each in PUTS if each.part == part)
        led = await make(two_cities["operator"], "sub-measures", goal_id=GOAL, lead_partner_id=CARITAS)
        body = in_berlin(CITY)[put.above]
        if part == "observations":
            body = {"goal_id": None, "sub_measure_id": led["id"]}
        above = await make(two_cities["operator"], put.above, **body)
        callers = [("coordinator", CITY), ("contributor", CARITAS), ("keeper", CITY)]
        for caller, partner in callers:
            at = put.at if part == "observations" else partner
            address = f"/v1/{put.above}/{above['id']}/{part}/{at}"
            end = await end_of_feed(two_cities["admin"])
            # An operator says of any statement when it came, so what changes no word is not refused.
            words = {"text": caller} if part == "statements" else {}
            assert rule_of(await two_cities[caller].put(address, json={**put.body, **words})) == "agreement"
            assert await end_of_feed(two_cities["admin"]) == end
            assert (await two_cities["operator"].put(address, json=put.body)).status_code in (200, 201)
            assert rule_of(await two_cities[caller].delete(address, headers={"If-Match": "*"})) == "agreement"

    async def test_is_written_by_its_own_parties_and_they_not_in_the_first(self, two_cities: Callers) -> None:
        for path, body in in_berlin(LAND).items():
            made = await make(two_cities["berlin"], path, **body)
            assert (await delete(two_cities["berlin"], path, made)).status_code == 204
        for path in ("decisions", "needs", "topics"):
            answer = await two_cities["berlin"].post(f"/v1/{path}", json=body_of(path))
            assert rule_of(answer) == "agreement"

    async def test_is_written_through_neither_a_move_nor_a_link(self, two_cities: Callers) -> None:
        measure = await make(two_cities["admin"], "sub-measures")
        assert rule_of(await patch(two_cities["coordinator"], "sub-measures", measure, goal_id=GOAL)) == "agreement"
        moved = await patch(two_cities["operator"], "sub-measures", measure, goal_id=GOAL)
        assert errors_of(moved) == [("#/goal_id", "other_agreement")]
        of_goal = await make(two_cities["operator"], "indicators")
        moved = await patch(two_cities["operator"], "indicators", of_goal, goal_id=None, sub_measure_id=MEASURE)
        assert errors_of(moved) == [("#/sub_measure_id", "other_agreement")]


@any_database
class TestLinks:
    @pytest.mark.parametrize(
        ("path", "field", "value", "place"),
        [
            ("decisions", "topic_ids", [topic_id("work"), TOPIC], "#/topic_ids/1"),
            ("decisions", "goal_ids", [GOAL], "#/goal_ids/0"),
            ("decisions", "sub_measure_ids", [MEASURE], "#/sub_measure_ids/0"),
            ("consultation-events", "topic_ids", [TOPIC], "#/topic_ids/0"),
            ("consultation-events", "goal_ids", [GOAL], "#/goal_ids/0"),
            ("consultation-events", "sub_measure_ids", [MEASURE], "#/sub_measure_ids/0"),
            (
                "consultation-events",
                "agenda_items",
                [{"title": "x", "sub_measure_id": MEASURE}],
                "#/agenda_items/0/sub_measure_id",
            ),
            ("needs", "topic_id", TOPIC, "#/topic_id"),
            ("needs", "sub_measure_ids", [MEASURE], "#/sub_measure_ids/0"),
            ("goals", "topic_id", TOPIC, "#/topic_id"),
        ],
    )
    async def test_stay_in_the_agreement(
        self, two_cities: Callers, path: str, field: str, value: Any, place: str
    ) -> None:
        operator = two_cities["operator"]
        refused = await operator.post(f"/v1/{path}", json=body_of(path, **{field: value}))
        assert errors_of(refused) == [(place, "other_agreement")]
        made = await make(operator, path)
        assert errors_of(await patch(operator, path, made, **{field: value})) == [(place, "other_agreement")]

    async def test_of_events_and_decisions_do_too(self, two_cities: Callers) -> None:
        operator = two_cities["operator"]
        event = await make(operator, "consultation-events", agreement_id=BERLIN)
        decision = await make(operator, "decisions", agreement_id=BERLIN)
        for path, field, id in (
            ("decisions", "consultation_event_ids", event["id"]),
            ("needs", "consultation_event_ids", event["id"]),
            ("needs", "decision_ids", decision["id"]),
        ):
            answer = await operator.post(f"/v1/{path}", json=body_of(path, **{field: [id]}))
            assert errors_of(answer) == [(f"#/{field}/0", "other_agreement")]


@any_database
class TestAgreementThatIsNotSaid:
    async def test_is_the_one_that_the_partner_is_a_party_of(self, two_cities: Callers) -> None:
        for caller, agreement in (("coordinator", AGREEMENT), ("berlin", BERLIN)):
            for path in ("decisions", "needs", "consultation-events"):
                body = body_of(path, agreement_id=None)
                if path == "needs":
                    body["raised_by_id"] = CITY if caller == "coordinator" else LAND
                answer = await two_cities[caller].post(f"/v1/{path}", json=body)
                assert (answer.status_code, answer.json()["agreement_id"]) == (201, agreement)

    async def test_must_be_said_by_who_is_a_party_of_several_or_of_none(self, two_cities: Callers) -> None:
        operator = two_cities["operator"]
        await make(operator, "agreements", parties=[{"partner_id": CITY, "side": "authority"}])
        answer = await operator.post("/v1/decisions", json=body_of("decisions", agreement_id=None))
        assert errors_of(answer) == [("#/agreement_id", "agreement_required")]
        for agreement in (await operator.get("/v1/agreements", params={"partner_id": CITY})).json()["items"]:
            assert (await patch(operator, "agreements", agreement, parties=[])).status_code == 200
        answer = await operator.post("/v1/decisions", json=body_of("decisions", agreement_id=None))
        assert errors_of(answer) == [("#/agreement_id", "agreement_required")]

    async def test_never_changes(self, two_cities: Callers) -> None:
        made = await make(two_cities["operator"], "decisions")
        answer = await patch(two_cities["admin"], "decisions", made, agreement_id=BERLIN)
        assert errors_of(answer) == [("#/agreement_id", "extra_forbidden")]


@any_database
class TestParty:
    @pytest.mark.parametrize(
        ("period", "days"),
        [
            ({"from": "2025-03-01"}, {"2025-02-28": 403, "2025-03-01": 201}),
            ({"until": "2025-03-01"}, {"2025-03-01": 201, "2025-03-02": 403}),
            ({"from": None, "until": None}, {"2025-03-01": 201}),
        ],
    )
    async def test_writes_on_the_days_on_which_it_is_one(
        self, app: FastAPI, callers: Callers, period: dict[str, Any], days: dict[str, int]
    ) -> None:
        parties: Sequence[dict[str, Any]] = [{"partner_id": CITY, "side": "authority", **period}]
        agreement = (await callers["keeper"].get(f"/v1/agreements/{AGREEMENT}")).json()
        assert (await patch(callers["keeper"], "agreements", agreement, parties=parties)).status_code == 200
        clock = Clock(app)
        for day, status in days.items():
            clock.set(day)
            answer = await callers["coordinator"].post("/v1/decisions", json=body_of("decisions"))
            assert answer.status_code == status, day

    async def test_that_ended_has_keys_that_are_expired(self, app: FastAPI, callers: Callers) -> None:
        caritas = (await callers["keeper"].get(f"/v1/partners/{CARITAS}")).json()
        assert (await patch(callers["keeper"], "partners", caritas, dissolved_on="2025-03-01")).status_code == 200
        clock = Clock(app)
        for day, status in (("2025-03-01", 200), ("2025-03-02", 401)):
            clock.set(day)
            assert (await callers["contributor"].get("/v1/goals")).status_code == status
        assert (await callers["coordinator"].get("/v1/goals")).status_code == 200

    async def test_that_ended_is_deleted_with_its_keys(self, app: FastAPI, callers: Callers) -> None:
        operator = callers["operator"]
        partner = await make(operator, "partners", slug="verein")
        key = await operator.post("/v1/keys", json={"partner_id": partner["id"], "role": "admin"})
        assert key.status_code == 201
        assert (await delete(operator, "partners", partner)).status_code == 409
        partner = (await patch(operator, "partners", partner, dissolved_on="2025-03-01")).json()
        runtime = app.state.runtime
        async with transaction(runtime.database, COMMAND, runtime.settings.zone) as session:
            states = {line[1]: line[4] for line in await keys.everything(session)}
        assert states["verein"] == "expired, its partner ended on 2025-03-01"
        assert states["caritas-dresden"] == "works"
        assert (await delete(operator, "partners", partner)).status_code == 204
