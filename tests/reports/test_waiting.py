"""What waits for whom: on both sides, over mergers, and without telling what is for partners only."""

from typing import Any

import httpx
import pytest

from app.reports.duties import DUTIES
from app.reports.duty import DueKind
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, make, patch
from tests.reports.making import fill, stated
from tests.tables import rows_of

REPORT = "upcoming"
PERIOD = {"period_from": "2024-07-01", "period_to": "2024-12-31"}

pytestmark = pytest.mark.usefixtures("clock")


async def waiting(client: httpx.AsyncClient, partner: str, *kinds: str) -> list[str]:
    """What waits for a partner itself, by kind."""
    params = {"limit": 200, "partner_id": partner} | ({"kind": kinds} if kinds else {})
    return sorted(row["kind"] for row in await rows_of(client, REPORT, **params) if row["partner_id"] == partner)


async def merge(client: httpx.AsyncClient, partner: str, successor: str, dissolved_on: str) -> None:
    """Let a partner go on as another one."""
    row = (await client.get(f"/v1/partners/{partner}")).json()
    answer = await patch(client, "partners", row, merged_into_id=successor, dissolved_on=dissolved_on)
    assert answer.status_code == 200, answer.text


class TestBothSides:
    async def test_see_what_waits_for_them(self, client: httpx.AsyncClient) -> None:
        """A talk, a decision with a statement, a measure with its report, an indicator, a need: each with its two sides."""
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
        of_liga = ["event", "milestone", "observation", "report", "statement"]
        of_city = ["decision", "decision", "event_to_close", "need", "report_to_accept", "statement_to_answer"]
        assert await waiting(client, LIGA) == of_liga
        assert await waiting(client, CITY) == of_city
        assert await waiting(client, CARITAS) == ["statement"]
        rows = await rows_of(client, REPORT, limit=200)
        assert len(rows) == len(of_liga) + len(of_city) + 1, "nothing waits for nobody"
        assert {row["kind"] for row in rows} == set(DueKind) == set(DUTIES), "each kind is there"
        assert all(row["partner_id"] and row["partner_name"] for row in rows)

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
        admin = callers["admin"]
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
