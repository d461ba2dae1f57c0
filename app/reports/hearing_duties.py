"""What waits for whom so that partners are heard: around events, statements and decisions."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    or_,
)
from sqlalchemy.sql.functions import coalesce

from app.access.visibility import visible
from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.consultation_events.terms import Attendance
from app.database.tables import table_of
from app.days import day_in, start_of
from app.decisions.models import Decision, DecisionPartner
from app.decisions.terms import DecisionStatus
from app.reports.duty import Asked, DueKind, due
from app.reports.horizon import on_page
from app.statements.models import Statement, StatementOnBehalf

EVENT, PARTICIPANT = table_of(ConsultationEvent), table_of(EventParticipant)
DECISION, ASKED, STATEMENT = table_of(Decision), table_of(DecisionPartner), table_of(Statement)
BEHALF = table_of(StatementOnBehalf)
PENDING = (DecisionStatus.announced, DecisionStatus.in_consultation)


def events(asked: Asked) -> Iterator[Select[Any]]:
    """The events that are still to take place: of who organises, and of each that did not decline."""
    shown: dict[str, Any] = {
        "title": EVENT.c.title,
        "on": day_in(EVENT.c.starts_at, asked.zone.key),
        "starts_at": EVENT.c.starts_at,
    }
    is_ahead = and_(visible(EVENT, asked.caller), EVENT.c.starts_at >= start_of(asked.today, asked.zone))
    partner, event = PARTICIPANT.c.partner_id, PARTICIPANT.c.consultation_event_id
    is_coming = PARTICIPANT.c.attendance != Attendance.declined
    comes = exists().where(event == EVENT.c.id, is_coming, asked.is_shown(partner))
    is_due = and_(is_ahead, or_(asked.is_shown(EVENT.c.organiser_id), comes))
    # What is planned for later years is never looked at.
    is_near = on_page(asked, start_of(asked.until + timedelta(days=1), asked.zone), is_due)
    organised = due(asked, DueKind.event, ConsultationEvent, of=EVENT.c.organiser_id, **shown)
    yield organised.where(is_ahead, is_near)
    invited = due(asked, DueKind.event, ConsultationEvent, of=partner, **shown)
    yield invited.join(PARTICIPANT, event == EVENT.c.id).where(is_ahead, is_near, is_coming)


def events_to_close(asked: Asked) -> Iterator[Select[Any]]:
    """The events that are over and not said to have been held, put off or called off."""
    today = start_of(asked.today, asked.zone)
    is_over = and_(visible(EVENT, asked.caller), coalesce(EVENT.c.ends_at, EVENT.c.starts_at) < today)
    # What ends before today begins before today, and that there is an index on.
    is_near = on_page(asked, today, and_(is_over, asked.is_shown(EVENT.c.organiser_id)))
    yield due(
        asked,
        DueKind.event_to_close,
        ConsultationEvent,
        title=EVENT.c.title,
        on=day_in(EVENT.c.starts_at, asked.zone.key),
        of=EVENT.c.organiser_id,
        starts_at=EVENT.c.starts_at,
    ).where(is_over, is_near)


def statements(asked: Asked) -> Iterator[Select[Any]]:
    """The statements that partners were asked for and that neither they, their successor nor their umbrella gave yet."""
    whose = asked.heir(ASKED.c.partner_id)
    to_it = STATEMENT.c.decision_id == DECISION.c.id
    given = exists().where(to_it, asked.heir(STATEMENT.c.partner_id) == whose)
    given_for_it = exists().where(
        to_it, BEHALF.c.statement_id == STATEMENT.c.id, asked.heir(BEHALF.c.partner_id) == whose
    )
    yield (
        due(
            asked,
            DueKind.statement,
            Decision,
            title=DECISION.c.title,
            on=DECISION.c.statements_due_on,
            of=ASKED.c.partner_id,
        )
        .join(ASKED, ASKED.c.decision_id == DECISION.c.id)
        .where(
            visible(DECISION, asked.caller),
            DECISION.c.status.in_(PENDING),
            or_(DECISION.c.involvement_required, DECISION.c.statements_due_on.is_not(None)),
            ~given,
            ~given_for_it,
        )
    )


def statements_to_answer(asked: Asked) -> Iterator[Select[Any]]:
    """The statements of which the authority did not say what it made of them."""
    whose = STATEMENT.c.partner_id
    yield (
        due(asked, DueKind.statement_to_answer, Decision, title=DECISION.c.title, waiting=whose, part=whose)
        .join(STATEMENT, STATEMENT.c.decision_id == DECISION.c.id)
        .where(
            visible(DECISION, asked.caller),
            visible(STATEMENT, asked.caller),
            DECISION.c.status != DecisionStatus.withdrawn,
            STATEMENT.c.taken_up.is_(None),
        )
    )


def decisions(asked: Asked) -> Iterator[Select[Any]]:
    """The decisions that are to be made, or to be given a day; they concern who is asked."""
    yield due(
        asked,
        DueKind.decision,
        Decision,
        title=DECISION.c.title,
        on=DECISION.c.decides_on,
        concerns=is_asked_for(asked),
    ).where(visible(DECISION, asked.caller), DECISION.c.status.in_(PENDING))


def reported_decisions(asked: Asked) -> Iterator[Select[Any]]:
    """The decisions that associations reported and the authority did not answer to; they concern who is asked."""
    yield due(
        asked,
        DueKind.reported_decision,
        Decision,
        title=DECISION.c.title,
        waiting=DECISION.c.reported_by_id,
        concerns=is_asked_for(asked),
    ).where(visible(DECISION, asked.caller), DECISION.c.status == DecisionStatus.reported)


def is_asked_for(asked: Asked) -> ColumnElement[bool]:
    """Whether a decision asks one of the partners that are asked for."""
    return exists().where(ASKED.c.decision_id == DECISION.c.id, asked.is_wanted(ASKED.c.partner_id))
