"""Loading the invented year: each entry is written by its feature's own service, as a request would."""

from collections import Counter
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import COMMAND
from app.agreements.models import Agreement
from app.changes.models import Subject
from app.consultation_events.models import ConsultationEventCreate, ConsultationEventUpdate
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.decisions import service as decisions
from app.decisions.models import DecisionCreate, DecisionUpdate
from app.decisions.resource import DECISIONS
from app.demo.document import DemoFile, MeasurePart, StatementPart
from app.indicators.models import IndicatorCreate
from app.indicators.resource import INDICATORS
from app.needs import service as needs
from app.needs.models import NeedCreate, NeedUpdate
from app.needs.resource import NEEDS
from app.observations import service as observations
from app.observations.models import ObservationPut
from app.partners.resource import PARTNERS
from app.progress_reports import service as progress_reports
from app.progress_reports.models import ProgressReportCreate, ProgressReportUpdate
from app.progress_reports.resource import PROGRESS_REPORTS
from app.resources.ids import named_id
from app.resources.writing import change, create, locked
from app.statements import service as statements
from app.statements.models import StatementPut
from app.sub_measures import service as sub_measures
from app.sub_measures.models import SubMeasure, SubMeasureUpdate
from app.sub_measures.resource import SUB_MEASURES

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
    ids = [content.id_of(CONSULTATION_EVENTS.type, each.id) for each in content.consultation_events]
    return (await session.execute(select(col(Subject.id)).where(col(Subject.id).in_(ids)).limit(1))).first() is not None


async def check_agreement(session: AsyncSession, content: DemoFile) -> None:
    """Raise Refused where the agreement is missing, or one of the sub-measures was changed."""
    if await session.get(Agreement, named_id("agreements", content.agreement)) is None:
        raise Refused("the demo year belongs to the built-in agreement, which is not loaded: run `register seed` first")
    codes = {each.code for each in content.sub_measures} | {
        each.body["sub_measure_id"] for each in content.progress_reports
    }
    ids = [content.id_of(SUB_MEASURES.type, code) for code in codes]
    changed = select(col(SubMeasure.code)).where(col(SubMeasure.id).in_(ids), col(SubMeasure.version) > 1)
    found = (await session.execute(changed.order_by(col(SubMeasure.goal_number), col(SubMeasure.number)))).scalars()
    if names := ", ".join(found):
        raise Refused(f"the demo year would write over the work on sub-measures {names}: load it into a new register")


async def change_measure(session: AsyncSession, content: DemoFile, part: MeasurePart) -> None:
    """Say who leads a sub-measure, when, and by which milestones."""
    row = await locked(session, COMMAND, SUB_MEASURES, content.id_of(SUB_MEASURES.type, part.code))
    changes = SubMeasureUpdate.model_validate(content.with_ids(SUB_MEASURES, part.body))
    await sub_measures.update(session, COMMAND, row, changes)


async def add_events(session: AsyncSession, content: DemoFile, counts: Counts) -> None:
    """Write the events, each with what became of it."""
    for part in content.consultation_events:
        id, body = content.id_of(CONSULTATION_EVENTS.type, part.id), content.with_ids(CONSULTATION_EVENTS, part.body)
        row = await create(session, COMMAND, CONSULTATION_EVENTS, ConsultationEventCreate.model_validate(body), id=id)
        for step in part.then:
            changes = ConsultationEventUpdate.model_validate(content.with_ids(CONSULTATION_EVENTS, step.body))
            await change(session, COMMAND, CONSULTATION_EVENTS, row, changes)
        counts["consultation events"] += 1


async def add_decisions(session: AsyncSession, content: DemoFile, counts: Counts, zone: tzinfo) -> None:
    """Write the decisions: what was said before each, what became of it, what was said too late, the city's answers."""
    for part in content.decisions:
        id, body = content.id_of(DECISIONS.type, part.id), content.with_ids(DECISIONS, part.body)
        row = await decisions.create(session, COMMAND, DecisionCreate.model_validate(body), id)
        for statement in part.statements:
            await say(session, content, id, statement, zone)
        for step in part.then:
            changes = DecisionUpdate.model_validate(content.with_ids(DECISIONS, step.body))
            await decisions.update(session, COMMAND, row, changes)
        for statement in part.late_statements:
            await say(session, content, id, statement, zone)
        for statement in (*part.statements, *part.late_statements):
            if statement.answer:
                await say(session, content, id, statement, zone, answer=statement.answer)
        counts["decisions"] += 1
        counts["statements"] += len(part.statements) + len(part.late_statements)


async def say(
    session: AsyncSession,
    content: DemoFile,
    decision_id: UUID,
    part: StatementPart,
    zone: tzinfo,
    answer: Mapping[str, Any] | None = None,
) -> None:
    """Write what a partner said to a decision, or the city's answer to it."""
    partner_id = content.id_of(PARTNERS.type, part.partner_id)
    words = StatementPut.model_validate({**part.body, **(answer or {})})
    await statements.put(session, COMMAND, decision_id, partner_id, words, None, zone, said_at=part.said_at)


async def add_needs(session: AsyncSession, content: DemoFile, counts: Counts) -> None:
    """Write the needs, each with what it was answered."""
    for part in content.needs:
        id, body = content.id_of(NEEDS.type, part.id), content.with_ids(NEEDS, part.body)
        row = await needs.create(session, COMMAND, NeedCreate.model_validate(body), id)
        for step in part.then:
            changes = NeedUpdate.model_validate(content.with_ids(NEEDS, step.body))
            await needs.update(session, COMMAND, row, changes, answered_at=step.at)
        counts["needs"] += 1


async def add_indicators(session: AsyncSession, content: DemoFile, counts: Counts) -> None:
    """Write the indicators with their values."""
    for part in content.indicators:
        id, body = content.id_of(INDICATORS.type, part.id), content.with_ids(INDICATORS, part.body)
        await create(session, COMMAND, INDICATORS, IndicatorCreate.model_validate(body), id=id)
        for value in part.observations:
            await observations.put(session, COMMAND, id, value.on, ObservationPut.model_validate(value.body), None)
        counts["indicators"] += 1
        counts["observations"] += len(part.observations)


async def add_reports(session: AsyncSession, content: DemoFile, counts: Counts) -> None:
    """Write the progress reports; those that are accepted move their sub-measures."""
    for part in content.progress_reports:
        id, body = content.id_of(PROGRESS_REPORTS.type, part.id), content.with_ids(PROGRESS_REPORTS, part.body)
        row = await progress_reports.create(
            session, COMMAND, ProgressReportCreate.model_validate(body), id, submitted_at=part.at
        )
        for step in part.then:
            changes = ProgressReportUpdate.model_validate(content.with_ids(PROGRESS_REPORTS, step.body))
            await progress_reports.update(session, COMMAND, row, changes, submitted_at=step.at)
        counts["progress reports"] += 1
