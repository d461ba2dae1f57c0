"""No way of writing goes past the rules of a kind: not a route, a file, a command, or the shared functions themselves."""

import ast
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

import app as package
from app.access.caller import COMMAND, Caller
from app.access.errors import Forbidden
from app.access.roles import Role
from app.changes.log import Transaction, lay_by, rehearsal
from app.changes.models import Action, Change
from app.cli.demo import built_in_demo, load_demo
from app.cli.seed import load_content, read_agreement
from app.decisions.models import DecisionCreate, DecisionUpdate
from app.decisions.resource import DECISIONS
from app.decisions.terms import DecisionStatus
from app.http.conditional import UNCONDITIONAL
from app.http.errors import Invalid
from app.needs.models import NeedCreate, NeedUpdate
from app.needs.resource import NEEDS
from app.progress_reports.models import ProgressReportCreate, ProgressReportUpdate
from app.progress_reports.resource import PROGRESS_REPORTS
from app.resources.errors import Frozen, TransitionNotAllowed
from app.resources.findings import findings_of, stored_findings
from app.resources.kind import KINDS, Kind, Write
from app.resources.writing import change, create, locked, put, remove, rewrite, store_many
from app.runtime import Runtime
from app.settings import Settings
from app.statements.models import StatementCreate
from app.statements.resource import STATEMENTS
from app.sub_measures.models import SubMeasureCreate
from app.sub_measures.resource import SUB_MEASURES
from tests.databases import any_database
from tests.factories import AGREEMENT, CARITAS, LIGA, body_of, goal_id, measure_id

CONTRIBUTOR = Caller(role=Role.contributor, partner_id=UUID(CARITAS))

WRITERS = {
    "access/guards.py": "the day on which a key was used",
    "calendar/service.py": "secret addresses of calendars",
    "changes/blanking.py": "what is left of redacted entries",
    "changes/findings.py": "what lists find resources by",
    "changes/numbering.py": "the log itself",
    "changes/quota.py": "how much a key has written today",
    "changes/tallies.py": "how many resources of a kind there are on each day",
    "changes/tree.py": "hashes of complete subtrees of the log",
    "city_zone.py": "the time zone in which days are counted",
    "interchange/backups.py": "a backup, and a whole register that comes back from one",
    "interchange/imports.py": "how far imports are, and what came of them",
    "interchange/register.py": "a whole register that comes back",
    "keys/service.py": "keys",
    "log/service.py": "who cosigns, and cosignatures",
    "partners/resource.py": "keys that ended, with the partner that they belonged to",
    "resources/idempotency.py": "answers that are kept",
    "resources/kept_answers.py": "answers that are kept, of which words are erased",
    "resources/storing.py": "every resource",
    "upkeep.py": "when the register was backed up and verified",
    "webhooks/leases.py": "how far endpoints are, and what was tried",
    "webhooks/service.py": "webhook endpoints",
}
"""The only modules that write to tables, and what."""


@pytest.fixture
async def session(settings: Settings) -> AsyncIterator[Transaction]:
    """A transaction of the register's own command, of which nothing stays."""
    database = Runtime.of(settings).database
    async with rehearsal(database, COMMAND, settings.zone, datetime.now(UTC)) as session:
        yield session
    await database.close()


def need(**fields: Any) -> NeedCreate:
    return NeedCreate.model_validate({"agreement_id": AGREEMENT, "title": "Plätze", "raised_by_id": CARITAS, **fields})


def written(*needs: NeedCreate) -> list[Write[Any]]:
    return [Write(NEEDS, each) for each in needs]


def report(**fields: Any) -> ProgressReportCreate:
    body = {"sub_measure_id": measure_id(3, 4), "partner_id": CARITAS, "summary": "Es geht voran."}
    return ProgressReportCreate.model_validate(
        {**body, "period_from": "2025-01-01", "period_to": "2025-06-30", **fields}
    )


def decided(**fields: Any) -> DecisionCreate:
    made = {"status": "decided", "announced_on": "2025-01-07", "decided_on": "2025-03-20"}
    return DecisionCreate.model_validate(
        {"agreement_id": AGREEMENT, "title": "Haushalt", "kind": "financial", **made, **fields}
    )


@any_database
class TestSharedFunctions:
    async def test_complete_what_a_kind_completes(self, session: Transaction) -> None:
        answered = await create(session, NEEDS, need(status="answered", response="Ja."))
        assert answered.answered_at == session.now
        decision = await create(session, DECISIONS, decided())
        assert '"involved_partner_ids":[]' not in decision.representation
        content = SubMeasureCreate.model_validate(body_of("sub-measures", goal_id=goal_id(1)))
        first, second = await store_many(session, SUB_MEASURES, [Write(SUB_MEASURES, content) for _ in range(2)])
        assert (first.code, second.code) == (f"1.{first.number}", f"1.{first.number + 1}")

    async def test_store_all_or_nothing_and_say_which_is_wrong(self, session: Transaction) -> None:
        before = (await session.execute(select(func.count()).select_from(NEEDS.table))).scalar_one()
        with pytest.raises(Invalid) as refused:
            await store_many(session, NEEDS, written(need(), need(status="answered"), need(topic_id=LIGA)))
        named = [(error.name, error.code) for error in refused.value.errors]
        assert named == [("#/1/response", "response_required"), ("#/2/topic_id", "unknown_reference")]
        assert (await session.execute(select(func.count()).select_from(NEEDS.table))).scalar_one() == before

    async def test_refuse_first_states_and_transitions(self, session: Transaction) -> None:
        with pytest.raises(Invalid) as refused:
            await create(session, PROGRESS_REPORTS, report(state="accepted"))
        assert [error.code for error in refused.value.errors] == ["not_a_first_state"]
        draft = await create(session, PROGRESS_REPORTS, report())
        with pytest.raises(TransitionNotAllowed):
            await change(session, PROGRESS_REPORTS, draft, ProgressReportUpdate.model_validate({"state": "accepted"}))

    async def test_let_something_be_found_by_what_it_was_last(self, session: Transaction) -> None:
        made, gone = await store_many(session, NEEDS, written(need(districts=["blasewitz"]), need()))
        for districts in (["cotta"], ["cotta", "plauen"]):
            await change(session, NEEDS, made, NeedUpdate.model_validate({"districts": districts}))
        await remove(session, NEEDS, gone)
        for districts in (["cotta", "plauen"], ["plauen"]):
            await change(session, NEEDS, made, NeedUpdate.model_validate({"districts": districts}))
            await lay_by(session)
            last = findings_of(NEEDS, {**json.loads(made.representation), "created_at": made.created_at})
            assert await stored_findings(session, NEEDS, [made.id, gone.id]) == {made.id: last, gone.id: set()}

    async def test_do_what_follows(self, session: Transaction) -> None:
        made = await create(session, PROGRESS_REPORTS, report(state="submitted", status="in_progress"))
        await change(session, PROGRESS_REPORTS, made, ProgressReportUpdate.model_validate({"state": "accepted"}))
        measure = await locked(session, SUB_MEASURES, UUID(measure_id(3, 4)))
        assert measure.status == "in_progress"

    async def test_refuse_to_touch_what_is_frozen(self, session: Transaction) -> None:
        decision = await create(session, DECISIONS, DecisionCreate.model_validate(body_of("decisions")))
        words = {"decision_id": decision.id, "partner_id": LIGA, "position": "object"}
        statement, _ = await put(session, STATEMENTS, StatementCreate.model_validate(words), UNCONDITIONAL)
        days = {"status": DecisionStatus.decided, "decided_on": "2025-03-20"}
        await change(session, DECISIONS, decision, DecisionUpdate.model_validate(days))
        with pytest.raises(Frozen):
            await change(session, DECISIONS, decision, DecisionUpdate.model_validate({"decided_on": "2025-03-21"}))
        with pytest.raises(Frozen):
            await put(
                session, STATEMENTS, StatementCreate.model_validate(words | {"position": "support"}), UNCONDITIONAL
            )
        for kind, row in ((DECISIONS, decision), (STATEMENTS, statement)):
            with pytest.raises(Frozen):
                await remove(session, kind, row)

    async def test_refuse_what_is_not_the_callers(self, session: Transaction) -> None:
        own = await create(session, NEEDS, need())
        foreign = await create(session, NEEDS, need(raised_by_id=LIGA))
        session.by = CONTRIBUTOR
        for refused in (
            create(session, NEEDS, need(raised_by_id=LIGA)),
            create(session, NEEDS, need(response="Ja.")),
            create(session, DECISIONS, decided()),
            change(session, NEEDS, own, NeedUpdate.model_validate({"response": "Ja."})),
            change(session, NEEDS, own, NeedUpdate.model_validate({"status": "acknowledged"})),
            change(session, NEEDS, own, NeedUpdate.model_validate({"raised_by_id": LIGA})),
            rewrite(session, NEEDS, foreign, {**need().model_dump(mode="json"), "title": "Anders"}),
            remove(session, NEEDS, foreign),
        ):
            with pytest.raises(Forbidden):
                await refused
        assert await change(session, NEEDS, own, NeedUpdate.model_validate({"title": "Anders"})) is own


def count_writes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many writes of each kind pass its rules from now on."""
    passed: Counter[str] = Counter()

    def counting(kind: Kind[Any]) -> Any:
        process = kind.process

        async def count(session: Transaction, writes: Sequence[Write[Any]]) -> None:
            passed[kind.type] += len(writes)
            await process(session, writes)

        return count

    for kind in KINDS.values():
        monkeypatch.setitem(kind.__dict__, "process", counting(kind))
    return passed


async def logged(settings: Settings) -> Counter[str]:
    """How many changes of each kind are in the log, deletions excepted."""
    database = Runtime.of(settings).database
    wanted = select(col(Change.resource_type)).where(col(Change.action) != Action.deleted)
    try:
        return Counter(await database.read(lambda connection: connection.execute(wanted).scalars().all()))
    finally:
        await database.close()


@any_database
class TestEveryWay:
    async def test_of_files_and_commands_passes_the_rules(
        self, empty_settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        passed = count_writes(monkeypatch)
        await load_content(empty_settings, read_agreement(None))
        await load_demo(empty_settings, built_in_demo())
        # What proposals would make of something passes its rules once before it is done.
        assert passed - Counter(decision=2, sub_measure=1) == await logged(empty_settings)
        assert passed.keys() == KINDS.keys(), "the demo year has something of every kind"

    async def test_of_requests_passes_the_rules(
        self, client: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, passed = await logged(settings), count_writes(monkeypatch)
        for kind in KINDS.values():
            if "{id}" in kind.path or kind.kept:
                continue
            made = await client.post(f"/v1/{kind.path}", json=body_of(kind.path))
            assert made.status_code == 201, made.text
            body = {"visibility": "partners"}
            changed = await client.patch(f"/v1/{kind.path}/{made.json()['id']}", json=body, headers={"If-Match": '"1"'})
            assert changed.status_code == 200, changed.text
        for below in (f"decisions/{await first(client, 'decisions')}/statements/{LIGA}",):
            assert (await client.put(f"/v1/{below}", json={"position": "support"})).status_code == 201
        indicator = await first(client, "indicators")
        put_value = await client.put(f"/v1/indicators/{indicator}/observations/2025-02-28", json={"value": 1})
        assert put_value.status_code == 201
        decision = await create_decided(client)
        about: dict[str, Any] = {"subject_type": "decision", "subject_id": decision}
        for path, said in (
            ("objections", {"text": "Nein."}),
            ("proposals", {"reason": "Irrtum.", "changes": {"decided_on": "2025-03-21"}}),
        ):
            assert (await client.post(f"/v1/{path}", json=about | said)).status_code == 201
        assert await logged(settings) - before == passed - Counter(decision=1)


async def create_decided(client: httpx.AsyncClient) -> str:
    """The id of a decision that is made."""
    made = await client.post("/v1/decisions", json=decided().model_dump(mode="json"))
    return str(made.json()["id"])


class TestWriters:
    def test_are_these_and_no_others(self) -> None:
        root = Path(package.__file__).parent
        found = {str(file.relative_to(root)) for file in root.rglob("*.py") if writes_to_tables(file)}
        assert found == WRITERS.keys()


async def first(client: httpx.AsyncClient, path: str) -> str:
    """The id of the first entry of a list."""
    return str((await client.get(f"/v1/{path}")).json()["items"][0]["id"])


def writes_to_tables(file: Path) -> bool:
    """Whether a module can change rows: by statements, or by objects that a session stores."""
    tree = ast.parse(file.read_text("utf-8"))
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    statements = {"insert", "insert_into", "update", "delete"} & {
        each.id for each in called if isinstance(each, ast.Name)
    }
    stored = [
        each.attr
        for each in called
        if isinstance(each, ast.Attribute)
        and each.attr in ("add", "add_all", "delete", "merge")
        and isinstance(each.value, ast.Name)
        and each.value.id == "session"
    ]
    return bool(statements or stored)
