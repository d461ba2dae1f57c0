"""Loading the invented year: each entry is written by its feature's own service, as a request would."""

from collections import Counter
from datetime import tzinfo
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import COMMAND
from app.agreements.models import Agreement
from app.changes.models import Subject
from app.consultation_events.models import CONSULTATION_EVENTS, ConsultationEventCreate, ConsultationEventUpdate
from app.decisions import service as decisions
from app.decisions.models import DECISIONS, DecisionCreate, DecisionUpdate
from app.demo.document import DemoFile, MeasurePart, StatementPart
from app.indicators.models import INDICATORS, IndicatorCreate
from app.needs import service as needs
from app.needs.models import NEEDS, NeedCreate, NeedUpdate
from app.observations import service as observations
from app.observations.models import OBSERVATIONS, ObservationPut
from app.progress_reports import service as progress_reports
from app.progress_reports.models import PROGRESS_REPORTS, ProgressReportCreate, ProgressReportUpdate
from app.resources.ids import named_id
from app.resources.resource import Resource
from app.resources.writing import change, create, locked
from app.statements import service as statements
from app.statements.models import STATEMENTS, StatementPut
from app.sub_measures import service as sub_measures
from app.sub_measures.models import SUB_MEASURES, SubMeasure, SubMeasureUpdate

Counts = Counter[str]


class Refused(Exception):
    """Why the invented year is not loaded into a register; nothing was written."""


async def load(session: AsyncSession, content: DemoFile, zone: tzinfo) -> Counts | None:
    """Write the invented year in the transaction of the session; returns how much of each kind, None when it is there.

    Raises Refused where the agreement that it is about is not there, or has work in it that it would write over.
    """
    if await is_loaded(session, content):
        return None
    await check_agreement(session, content)
    counts: Counts = Counter()
    for part in content.sub_measures:
        await change_measure(session, content, part)
        counts["sub-measures"] += 1
    await add_events(session, content, counts)
    await add_decisions(session, content, counts, zone)
    await add_needs(session, content, counts)
    await add_indicators(session, content, counts)
    await add_reports(session, content, counts)
    return counts


async def is_loaded(session: AsyncSession, content: DemoFile) -> bool:
    """Whether the invented year was loaded before, also when some of it was deleted since."""
    ids = [content.id_of(CONSULTATION_EVENTS.kind, each.id) for each in content.consultation_events]
    return (await session.execute(select(col(Subject.id)).where(col(Subject.id).in_(ids)).limit(1))).first() is not None


async def check_agreement(session: AsyncSession, content: DemoFile) -> None:
    """Raise Refused where the agreement is missing, or one of the sub-measures was changed."""
    if await session.get(Agreement, named_id("agreements", content.agreement)) is None:
        raise Refused("the demo year belongs to the built-in agreement, which is not loaded: run `register seed` first")
    codes = {each.code for each in content.sub_measures} | {
        each.body["sub_measure_id"] for each in content.progress_reports
    }
    ids = [content.id_of(SUB_MEASURES.kind, code) for code in codes]
    changed = select(col(SubMeasure.code)).where(col(SubMeasure.id).in_(ids), col(SubMeasure.version) > 1)
    found = (await session.execute(changed.order_by(col(SubMeasure.goal_number), col(SubMeasure.number)))).scalars()
    if names := ", ".join(found):
        raise Refused(f"the demo year would write over the work on sub-measures {names}: load it into a new register")


async def change_measure(session: AsyncSession, content: DemoFile, part: MeasurePart) -> None:
    """Say who leads a sub-measure, when, and by which milestones."""
    row = await locked(session, COMMAND, SUB_MEASURES, content.id_of(SUB_MEASURES.kind, part.code))
    changes = SubMeasureUpdate.model_validate(content.with_ids(SUB_MEASURES, part.body))
    await sub_measures.update(session, COMMAND, row, changes)


async def add_events(session: AsyncSession, content: DemoFile, counts: Counts) -> None:
    """Write the events, each with what became of it."""
    for part in content.consultation_events:
        id, body = new(content, CONSULTATION_EVENTS, part.id), content.with_ids(CONSULTATION_EVENTS, part.body)
        row = await create(
            session, COMMAND, CONSULTATION_EVENTS, ConsultationEventCreate.model_validate(body), id=id
        )
        for step in part.then:
            changes = ConsultationEventUpdate.model_validate(content.with_ids(CONSULTATION_EVENTS, step.body))
            await change(session, COMMAND, CONSULTATION_EVENTS, row, changes)
        counts["consultation events"] += 1


async def add_decisions(session: AsyncSession, content: DemoFile, counts: Counts, zone: tzinfo) -> None:
    """Write the decisions: what was said before, the decision itself, what was said after it, the city's answers."""
    for part in content.decisions:
        id, body = new(content, DECISIONS, part.id), content.with_ids(DECISIONS, part.body)
        row = await decisions.create(session, COMMAND, DecisionCreate.model_validate(body), id)
        decided_on = max((each.body.get("decided_on", "") for each in part.then), default="")
        late = [
            each for each in part.statements if decided_on and each.said_at.astimezone(zone).date().isoformat() >= decided_on
        ]
        for statement in (each for each in part.statements if each not in late):
            await say(session, id, statement, zone)
        for step in part.then:
            changes = DecisionUpdate.model_validate(content.with_ids(DECISIONS, step.body))
            await decisions.update(session, COMMAND, row, changes)
        for statement in late:
            await say(session, id, statement, zone)
        for statement in part.statements:
            if statement.answer:
                await say(session, id, statement, zone, is_answered=True)
        counts["decisions"] += 1
        counts["statements"] += len(part.statements)
