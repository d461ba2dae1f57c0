"""What waits for whom: on both sides, over mergers, and without telling what is for partners only."""

from typing import Any

import httpx
import pytest

from app.reports.duties import DUTIES
from app.reports.duty import DueKind
from tests.databases import any_database
from tests.dresden import ASSOCIATIONS
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, make, patch, rule_of
from tests.proposals.evidence import Callers
from tests.reports.making import fill, stated
from tests.tables import rows_of

REPORT = "upcoming"
PERIOD = {"period_from": "2024-07-01", "period_to": "2024-12-31"}

pytestmark = pytest.mark.usefixtures("clock")


async def waiting(client: httpx.AsyncClient, partner: str, *kinds: str) -> list[str]:
    """What waits for a partner itself, by kind."""
    params = {"limit": 200, "partner_id": partner} | ({"kind": kinds} if kinds else {})
    return sorted(row["kind"] for row in await rows_of(client, REPORT, **params) if row["partner_id"] == partner)


async def say_of(client: httpx.AsyncClient, path: str, subject: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Propose a change of something, or object to it."""
    kind = "decision" if "decides_on" in subject else "sub_measure"
    answer = await client.post(f"/v1/{path}", json={"subject_type": kind, "subject_id": subject["id"], **said})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def merge(client: httpx.AsyncClient, partner: str, successor: str, dissolved_on: str) -> None:
    """Let a partner go on as another one."""
    row = (await client.get(f"/v1/partners/{partner}")).json()
    answer = await patch(client, "partners", row, merged_into_id=successor, dissolved_on=dissolved_on)
    assert answer.status_code == 200, answer.text


@any_database
class TestBothSides:
    async def test_see_what_waits_for_them(self, callers: Callers) -> None:
        """A talk, a decision with a statement, a measure with its report, an indicator, a need: each with its two sides."""
        client = callers["operator"]
        await fill(client, "2025-03-20")
        await make(
            client,
            "consultation-events",
            starts_at="2025-02-20T10:00:00Z",
            organiser_id=CITY,
            participants=[{"partner_id": LIGA}],
        )
        answered = await make(client, "decisions", involved_partner_ids=[LIGA, CARITAS])
        await stated(client, answered, LIGA)
        await make(client, "needs", raised_by_id=LIGA)
        await make(client, "progress-reports", partner_id=LIGA, state="submitted", **PERIOD)
        await make(callers["umbrella"], "decisions", status="reported", involved_partner_ids=[CARITAS])
        await say_of(callers["coordinator"], "proposals", answered, changes={"kind": "financial"}, reason="Kostet.")
        await say_of(callers["contributor"], "objections", answered, text="Davon wissen wir nichts.")
        of_liga = ["event", "milestone", "observation", "proposal", "report", "statement"]
        of_city = ["decision", "decision", "event_to_close", "need", "objection"]
        of_city += ["report_to_accept", "reported_decision", "statement_to_answer"]
        assert await waiting(client, LIGA) == of_liga
        assert await waiting(client, CITY) == of_city
        assert await waiting(client, CARITAS) == ["proposal", "statement"]
        rows = await rows_of(client, REPORT, limit=200)
        of_others = ["proposal"] * (len(ASSOCIATIONS) - 2)
        assert len(rows) == len(of_liga) + len(of_city) + 2 + len(of_others), "nothing waits for nobody"
        assert {row["kind"] for row in rows} | {DueKind.webhook_endpoint} == set(DueKind) == set(DUTIES), (
            "each kind is there"
        )
        assert all(row["partner_id"] and row["partner_name"] for row in rows)
        for kind in DueKind:
            alone = [row for row in rows if row["kind"] == kind]
            assert await rows_of(client, REPORT, limit=200, kind=kind) == alone

    async def test_have_each_authority_of_the_day_in_a_row_of_its_own(self, client: httpx.AsyncClient) -> None:
        office, former = [(await make(client, "partners", name=name))["id"] for name in ("Amt", "Früheres Amt")]
        agreement = (await client.get(f"/v1/agreements/{AGREEMENT}")).json()
        parties = [
            *agreement["parties"],
            {"partner_id": office, "side": "authority"},
            {"partner_id": former, "side": "authority", "until": "2025-02-28"},
        ]
        assert (await patch(client, "agreements", agreement, parties=parties)).status_code == 200
        await make(client, "needs")
        rows = await rows_of(client, REPORT)
        assert {(row["partner_id"], row["partner_name"]) for row in rows} == {
            (CITY, "Landeshauptstadt Dresden"),
            (office, "Amt"),
        }
        # Two offices that become one have it once.
        await merge(client, office, CITY, "2025-02-28")
        assert [row["partner_id"] for row in await rows_of(client, REPORT)] == [CITY]

    async def test_answer_what_the_other_one_says(self, callers: Callers) -> None:
        """Whoever has it waiting can answer it, nobody else can, and one answer is enough."""
        city, caritas, liga = callers["coordinator"], callers["contributor"], callers["other_contributor"]
        measure = await make(callers["admin"], "sub-measures")
        await say_of(caritas, "objections", measure, text=f"\u200b\n\n  Es\tfehlt {'viel ' * 80}\nNoch etwas.")
        proposed = await say_of(city, "proposals", measure, changes={"summary": "Neu"}, reason="Kurz.\nUnd lang.")
        rows = await rows_of(callers["anonymous"], REPORT, limit=200, kind=["proposal", "objection"])
        objection, *proposals = sorted(rows, key=lambda row: str(row["kind"]))
        assert (objection["partner_id"], objection["waiting_partner_id"]) == (CITY, CARITAS)
        assert objection["title"].startswith("Es fehlt viel ")
        assert (len(objection["title"]), objection["title"][-2:]) == (299, "l…")
        assert {row["partner_id"] for row in proposals} == {*ASSOCIATIONS}
        assert {(row["title"], row["waiting_partner_id"], row["due_on"]) for row in proposals} == {
            ("Kurz.", CITY, None)
        }
        assert rule_of(await patch(city, "proposals", proposed, state="confirmed")) == "side"
        assert (await patch(liga, "proposals", proposed, state="confirmed")).status_code == 200
        raised = (await city.get(f"/v1/objections/{objection['resource_id']}")).json()
        assert rule_of(await patch(liga, "objections", raised, answer="Doch.")) == "side"
        assert (await patch(city, "objections", raised, answer="Doch.")).status_code == 200
        assert await rows_of(city, REPORT, limit=200, kind=["proposal", "objection"]) == []

    async def test_see_what_an_association_reported_until_it_is_answered(self, callers: Callers) -> None:
        city = callers["coordinator"]
        reported = await make(callers["umbrella"], "decisions", status="reported", involved_partner_ids=[CARITAS])
        for partner in (CITY, CARITAS):
            (row,) = await rows_of(callers["anonymous"], REPORT, partner_id=partner)
            assert (row["kind"], row["partner_id"], row["waiting_partner_id"]) == ("reported_decision", CITY, LIGA)
        answer = await patch(city, "decisions", reported, status="refused", refusal_reason="Ein Vermerk.")
        assert answer.status_code == 200
        assert await rows_of(city, REPORT) == []
        assert (await patch(city, "decisions", answer.json(), status="announced")).status_code == 200
        assert [row["kind"] for row in await rows_of(city, REPORT)] == ["decision", "statement"]

    async def test_have_nothing_to_say_where_their_umbrella_spoke_for_them(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions", involved_partner_ids=ASSOCIATIONS)
        await stated(client, decision, LIGA, on_behalf_of_ids=[CARITAS])
        rows = await rows_of(client, REPORT, kind="statement")
        assert {row["partner_id"] for row in rows} == {*ASSOCIATIONS} - {LIGA, CARITAS}
        await stated(client, decision, CARITAS, position="object")
        assert len(await rows_of(client, REPORT, kind="statement")) == len(ASSOCIATIONS) - 2


@any_database
class TestMerger:
    async def test_in_the_middle_of_the_term_moves_what_waits_and_not_who_was_asked(
        self, client: httpx.AsyncClient, clock: Any
    ) -> None:
        old, new, last = [(await make(client, "partners", name=name))["id"] for name in ("Alt", "Neu", "Zuletzt")]
        asked = {"involved_partner_ids": [old, new], "decides_on": "2025-03-20", "statements_due_on": "2025-03-15"}
        decision = await make(client, "decisions", **asked)
        invited = [{"partner_id": old}, {"partner_id": new}]
        await make(client, "consultation-events", starts_at="2025-03-12T10:00:00Z", participants=invited)
        milestones = [{"title": "Konzept", "due_on": "2025-03-10"}]
        await make(client, "sub-measures", lead_partner_id=old, milestones=milestones)
        of_each = {old: ["event", "milestone", "statement"], new: ["event", "statement"], last: []}
        for partner, kinds in of_each.items():
            assert await waiting(client, partner) == kinds
        involvement = f"/v1/decisions/{decision['id']}/involvement"
        before = (await client.get(involvement)).json()
        await merge(client, old, new, "2025-03-01")
        for partner, kinds in of_each.items():
            assert await waiting(client, partner) == kinds, "on its last day it still acts"
        clock.set("2025-03-02")
        assert await waiting(client, old) == []
        # What waited for both of them waits once.
        assert await waiting(client, new) == ["event", "milestone", "statement"]
        rows = await rows_of(client, REPORT, partner_id=new)
        assert [row["kind"] for row in rows if row["partner_id"] == CITY] == ["decision"]
        assert {row["partner_name"] for row in rows if row["partner_id"] == new} == {"Neu"}
        assert (await client.get(involvement)).json() == before
        assert (await client.get(f"/v1/decisions/{decision['id']}")).json() == decision
        # The successor merges in its turn; by its statement nothing waits any more, and who was asked stays so.
        await merge(client, new, last, "2025-03-02")
        clock.set("2025-03-03")
        assert await waiting(client, new) == []
        assert await waiting(client, last) == ["event", "milestone", "statement"]
        await stated(client, decision, last)
        assert await waiting(client, last) == ["event", "milestone"]
        assert sorted((await client.get(involvement)).json()["missing_partner_ids"]) == sorted((old, new))

    async def test_that_is_for_partners_only_moves_nothing_for_others(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        admin = callers["keeper"]
        old = (await make(admin, "partners", name="Alt", visibility="partners"))["id"]
        await make(admin, "decisions", involved_partner_ids=[old], decides_on="2025-03-20")
        await merge(admin, old, LIGA, "2025-02-28")
        for caller, found in (
            ("reader", (LIGA, "Liga der freien Wohlfahrtspflege Dresden")),
            ("anonymous", (old, None)),
        ):
            (row,) = await rows_of(callers[caller], REPORT, kind="statement")
            assert (row["partner_id"], row["partner_name"]) == found
        assert [row["kind"] for row in await rows_of(callers["reader"], REPORT, partner_id=LIGA)] == [
            "decision",
            "statement",
        ]
        assert await rows_of(callers["anonymous"], REPORT, partner_id=LIGA) == []
