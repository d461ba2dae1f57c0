"""Loading the invented year: each entry is written as a request would write it, at the time at which it is said to be."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.agreements.models import Agreement
from app.changes.log import Transaction
from app.changes.models import Subject
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.decisions.resource import DECISIONS
from app.demo.document import DemoFile, Entry, Said, StatementPart
from app.http.conditional import UNCONDITIONAL, Preconditions
from app.indicators.resource import INDICATORS
from app.needs.resource import NEEDS
from app.objections.resource import OBJECTIONS
from app.observations import service as observations
from app.observations.models import ObservationPut
from app.partners.resource import PARTNERS
from app.progress_reports.resource import PROGRESS_REPORTS
from app.proposals.resource import PROPOSALS
from app.resources.ids import named_id
from app.resources.kind import Kind, Row
from app.resources.writing import change, create, locked
from app.schema.base import Patch
from app.statements import service as statements
from app.statements.models import StatementPut, StatementUpdate
from app.statements.resource import STATEMENTS
from app.sub_measures.models import SubMeasure
from app.sub_measures.resource import SUB_MEASURES

Counts = Counter[str]


class Refused(Exception):
    """Why the invented year is not loaded into a register; nothing was written."""


async def load(session: Transaction, content: DemoFile) -> Counts | None:
    """Write the invented year in the transaction of the session; returns how much of each kind, None when it is there.

    Raises Refused where the agreement that it is about is not there, or has work in it that it would write over.
    """
    if await is_loaded(session, content):
        return None
    await check_agreement(session, content)
    counts: Counts = Counter()
    await add_entries(session, content, PARTNERS, content.partners, counts)
    for part in content.sub_measures:
        await change_there(session, content, SUB_MEASURES, part.code, part)
        counts["sub-measures"] += 1
    await add_entries(session, content, CONSULTATION_EVENTS, content.consultation_events, counts)
    await add_decisions(session, content, counts)
    await add_entries(session, content, NEEDS, content.needs, counts)
    await add_entries(session, content, INDICATORS, content.indicators, counts)
    await add_observations(session, content, counts)
    await add_entries(session, content, PROGRESS_REPORTS, content.progress_reports, counts)
    await add_entries(session, content, OBJECTIONS, content.objections, counts)
    await add_entries(session, content, PROPOSALS, content.proposals, counts)
    return counts


async def is_loaded(session: Transaction, content: DemoFile) -> bool:
    """Whether the invented year was loaded before, also when some of it was deleted since."""
    ids = [content.id_of(CONSULTATION_EVENTS.type, each.id) for each in content.consultation_events]
    return (await session.execute(select(col(Subject.id)).where(col(Subject.id).in_(ids)).limit(1))).first() is not None


async def check_agreement(session: Transaction, content: DemoFile) -> None:
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


async def change_there(session: Transaction, content: DemoFile, kind: Kind[Any], name: str, part: Said) -> None:
    """Change what is there already, by its name in the file."""
    row = await locked(session, kind, content.id_of(kind.type, name))
    await change(session, kind, row, changes_of(kind).model_validate(content.with_ids(kind, part.body)))


async def begin(session: Transaction, content: DemoFile, kind: Kind[Row], part: Entry) -> Row:
    """Write something new, at its time where it has one."""
    with at(session, part.at), said_by(session, content, part.by):
        scope = {"agreement_id": content.agreement} if "agreement_id" in kind.belongs_by else {}
        entry = kind.create.model_validate(content.with_ids(kind, scope | part.body))
        return await create(session, kind, entry, id=content.id_of(kind.type, part.id))


async def go_on(session: Transaction, content: DemoFile, kind: Kind[Row], row: Row, part: Entry) -> None:
    """Write what became of it, each step at its time where it has one."""
    for step in part.then:
        with at(session, step.at), said_by(session, content, step.by):
            await change(session, kind, row, changes_of(kind).model_validate(content.with_ids(kind, step.body)))


def changes_of(kind: Kind[Any]) -> type[Patch]:
    """The schema of changes of a kind that can be changed."""
    if kind.update is None:
        raise TypeError(f"{kind.type} is put, not changed")
    return kind.update


@contextmanager
def at(session: Transaction, moment: datetime | None) -> Iterator[None]:
    """Let it be another time for what is written in the block."""
    now, session.now = session.now, moment or session.now
    yield
    session.now = now


@contextmanager
def said_by(session: Transaction, content: DemoFile, partner: str | None) -> Iterator[None]:
    """Let a partner be who says what is written in the block."""
    by = session.by
    session.by = by if partner is None else replace(by, partner_id=content.id_of(PARTNERS.type, partner))
    yield
    session.by = by


async def add_entries(
    session: Transaction, content: DemoFile, kind: Kind[Any], parts: Sequence[Entry], counts: Counts
) -> None:
    """Write all of one kind, each with what became of it."""
    for part in parts:
        await go_on(session, content, kind, await begin(session, content, kind, part), part)
        counts[kind.path.replace("-", " ")] += 1


async def add_decisions(session: Transaction, content: DemoFile, counts: Counts) -> None:
    """Write the decisions: on which agendas each is, what became of it, what was said before and too late, the answers."""
    for part in content.decisions:
        row = await begin(session, content, DECISIONS, part)
        for event in part.events:
            await change_there(session, content, CONSULTATION_EVENTS, event.id, event)
        for statement in part.statements:
            await say(session, content, row.id, statement)
        await go_on(session, content, DECISIONS, row, part)
        for statement in part.late_statements:
            await say(session, content, row.id, statement)
        for statement in (*part.statements, *part.late_statements):
            if statement.answer:
                with at(session, part.answered_at):
                    await answer(session, content, row.id, statement)
        counts["decisions"] += 1
        counts["statements"] += len(part.statements) + len(part.late_statements)


async def say(session: Transaction, content: DemoFile, decision_id: UUID, part: StatementPart) -> None:
    """Write what a partner said to a decision."""
    partner_id = content.id_of(PARTNERS.type, part.partner_id)
    words = StatementPut.model_validate(content.with_ids(STATEMENTS, part.body))
    with at(session, part.said_at):
        await statements.put(session, decision_id, partner_id, words, UNCONDITIONAL)


async def answer(session: Transaction, content: DemoFile, decision_id: UUID, part: StatementPart) -> None:
    """Write the city's answer to a statement."""
    partner_id = content.id_of(PARTNERS.type, part.partner_id)
    changes = StatementUpdate.model_validate(part.answer)
    await statements.change(session, decision_id, partner_id, changes, Preconditions(if_match="*"))


async def add_observations(session: Transaction, content: DemoFile, counts: Counts) -> None:
    """Write the values of the indicators."""
    for part in content.indicators:
        indicator_id = content.id_of(INDICATORS.type, part.id)
        for value in part.observations:
            await observations.put(
                session, indicator_id, value.on, ObservationPut.model_validate(value.body), UNCONDITIONAL
            )
        counts["observations"] += len(part.observations)
