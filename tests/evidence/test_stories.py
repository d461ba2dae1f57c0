"""What people have the register for, told as they would use it."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.cli.seed import load_content, read_agreement
from app.resources.ids import named_id
from app.settings import Settings
from tests.access.test_agreements import FILES
from tests.databases import any_database
from tests.dresden import AGREEMENT
from tests.factories import CARITAS, CITY, LIGA, make, patch, rule_of
from tests.proposals.evidence import Callers, recorded
from tests.reports.making import fill
from tests.resources.test_scope import REPORTS
from tests.tables import rows_of

SLUG = "duesseldorf-rahmenvertrag-2024"
DUESSELDORF = str(named_id("agreements", SLUG))
OTHER_CITY, OTHER_LIGA = (str(named_id("partners", f"{name}-duesseldorf")) for name in ("landeshauptstadt", "liga"))
DRK = str(named_id("partners", "drk-dresden"))


async def told(client: httpx.AsyncClient, **params: Any) -> Mapping[str, Any]:
    """What all reports tell."""
    return {report: await rows_of(client, report, **params) for report in REPORTS}


class TestTwoCities:
    @any_database
    async def test_know_nothing_of_each_other(self, callers: Callers, settings: Settings) -> None:
        """Düsseldorf comes to Dresden's installation with everything that reports count, and Dresden's stay as they are."""
        operator = callers["operator"]
        await fill(operator, "2025-03-20")
        before = await told(callers["anonymous"])
        assert all(before.values()), "each report has something to change"

        await load_content(settings, read_agreement(FILES / "duesseldorf.yaml"))
        topic = str(named_id("topics", SLUG, "health"))
        goal = (await make(operator, "goals", agreement_id=DUESSELDORF, topic_id=topic))["id"]
        measure = await make(
            operator,
            "sub-measures",
            goal_id=goal,
            lead_partner_id=OTHER_LIGA,
            status="in_progress",
            starts_on="2024-01-01",
            milestones=[{"title": "Konzept", "due_on": "2025-03-20"}],
        )
        talked = [{"partner_id": OTHER_LIGA, "attendance": "attended"}]
        event = await make(
            operator,
            "consultation-events",
            agreement_id=DUESSELDORF,
            organiser_id=OTHER_CITY,
            status="held",
            participants=talked,
        )
        decision = await make(
            operator,
            "decisions",
            agreement_id=DUESSELDORF,
            announced_on="2025-01-13",
            decides_on="2025-05-15",
            statements_due_on="2025-05-01",
            consultation_event_ids=[event["id"]],
        )
        await make(operator, "needs", agreement_id=DUESSELDORF, raised_by_id=OTHER_LIGA)
        await make(operator, "indicators", goal_id=None, sub_measure_id=measure["id"], target_on="2025-12-31")

        assert await told(callers["anonymous"], agreement_id=AGREEMENT) == before
        assert await told(callers["anonymous"]) != before
        asked = set(decision["involved_partner_ids"])
        assert (len(asked), OTHER_LIGA in asked, LIGA in asked) == (7, True, False)
        in_duesseldorf = await told(callers["anonymous"], agreement_id=DUESSELDORF)
        assert {row["partner_id"] for row in in_duesseldorf["upcoming"]} == asked | {OTHER_CITY}
        ours = {row["partner_id"] for row in before["upcoming"]}
        assert ours.isdisjoint(asked | {OTHER_CITY})


@any_database
class TestThirdPartner:
    @pytest.mark.parametrize(
        ("kind", "changes"),
        [
            ("statement", {"position": "support"}),
            ("need", {"title": "Kein Bedarf"}),
            ("progress_report", {"summary": "Nichts geschah."}),
        ],
    )
    async def test_has_its_words_corrected_by_nobody_else(
        self, callers: Callers, kind: str, changes: dict[str, Any]
    ) -> None:
        """The city proposes what Caritas said, and the Liga would confirm it; Caritas itself can."""
        record = await recorded(callers)
        city, liga, caritas = callers["coordinator"], callers["umbrella"], callers["contributor"]
        address = record.addresses["report" if kind == "progress_report" else kind]
        before = (await caritas.get(address)).json()
        body = {"subject_type": kind, "subject_id": before["id"], "changes": changes, "reason": "Irrtum."}
        proposal = (await city.post("/v1/proposals", json=body)).json()
        refused = await patch(liga, "proposals", proposal, state="confirmed")
        assert (rule_of(refused), refused.json()["writers"]) == ("ownership", ["partner"])
        assert (await caritas.get(address)).json() == before
        assert rule_of(await liga.post("/v1/proposals", json=body)) == "ownership", "nobody on another side said it"
        assert (await patch(caritas, "proposals", proposal, state="confirmed")).status_code == 200
        after = (await caritas.get(address)).json()
        assert {name: after[name] for name in changes} == changes

    async def test_is_not_said_to_come_or_to_organise_by_others(self, callers: Callers) -> None:
        city, liga = callers["coordinator"], callers["umbrella"]
        event = await make(city, "consultation-events", organiser_id=CITY, participants=[{"partner_id": CARITAS}])
        for changes in (
            {"participants": [{"partner_id": CARITAS, "attendance": "declined"}]},
            {"participants": [{"partner_id": CARITAS, "delegates": 2}]},
            {"organiser_id": DRK},
        ):
            body = {"subject_type": "consultation_event", "subject_id": event["id"], "changes": changes, "reason": "x"}
            proposal = (await city.post("/v1/proposals", json=body)).json()
            assert rule_of(await patch(liga, "proposals", proposal, state="confirmed")) == "ownership"

    async def test_that_is_an_authority_has_its_decision_corrected_by_nobody_else(self, callers: Callers) -> None:
        """A third side is another side, too: it does not say with an association what the city decided."""
        admin = callers["keeper"]
        agreement = (await admin.get(f"/v1/agreements/{AGREEMENT}")).json()
        office = await make(admin, "partners", name="Jobcenter")
        parties = [*agreement["parties"], {"partner_id": office["id"], "side": "other"}]
        assert (await patch(admin, "agreements", agreement, parties=parties)).status_code == 200
        key = (await admin.post("/v1/keys", json={"partner_id": office["id"], "role": "contributor"})).json()["key"]
        decision = await make(admin, "decisions", status="decided", decided_on="2025-05-15")
        body = {
            "subject_type": "decision",
            "subject_id": decision["id"],
            "changes": {"decided_on": "2025-05-16"},
            "reason": "Irrtum.",
        }
        by_office = {"Authorization": f"Bearer {key}"}
        proposal = (await callers["contributor"].post("/v1/proposals", json=body)).json()
        address = f"/v1/proposals/{proposal['id']}"
        answer = await admin.patch(address, json={"state": "confirmed"}, headers={"If-Match": "*"} | by_office)
        assert (rule_of(answer), answer.json()["writers"]) == ("side", ["authority"])
        assert (await patch(admin, "proposals", proposal, state="confirmed")).status_code == 200
