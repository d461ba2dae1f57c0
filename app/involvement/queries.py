"""The one definition of involvement, for one decision, for lists of decisions and for figures about all.

It says what was recorded, to whomever may see the decision: that an asked partner was heard, and on which day, also when
the event or the statement itself is for partners only.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Date,
    ScalarSelect,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    not_,
    null,
    or_,
    select,
    true,
)

from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.consultation_events.terms import Attendance, EventStatus
from app.database import table_of
from app.days import days_between
from app.decisions.models import Decision, DecisionEvent, DecisionPartner
from app.decisions.terms import DecisionStatus
from app.involvement.models import InvolvementState
from app.statements.models import Statement

DECISION, ASKED, STATEMENT = table_of(Decision), table_of(DecisionPartner), table_of(Statement)

# Once a decision is made, what was said on its day or later was said too late.
IN_TIME = or_(DECISION.c.status != DecisionStatus.decided, STATEMENT.c.submitted_on < DECISION.c.decided_on)


def involvements(*conditions: ColumnElement[bool]) -> CTE:
    """The involvement in every decision that meets the conditions, which are on the table of decisions.

    Its columns are what `InvolvementFacts` is made of.
    """
    c = recorded(*conditions).c
    first_heard_on = earlier(c.first_event_on, c.first_statement_on)
    is_decided, is_before = c.status == DecisionStatus.decided, first_heard_on < c.decision_on
    state = case(
        (not_(c.involvement_required), InvolvementState.not_required.value),
        (and_(is_decided, or_(first_heard_on.is_(None), not_(is_before))), InvolvementState.missed.value),
        (and_(c.asked > 0, c.answered == c.asked), InvolvementState.answered.value),
        (first_heard_on.is_not(None), InvolvementState.heard.value),
        else_=InvolvementState.open.value,
    )
    heard_before_decision = case(
        (and_(first_heard_on.is_(None), is_decided), false()),
        (or_(first_heard_on.is_(None), c.decision_on.is_(None)), null()),
        (is_before, true()),
        else_=false(),
    )
    return select(
        c.id.label("decision_id"),
        c.kind,
        c.status,
        c.involvement_required,
        c.decision_on,
        c.asked,
        c.answered,
        c.missing_partner_ids,
        first_heard_on.label("first_heard_on"),
        state.label("state"),
        days_between(first_heard_on, c.decision_on).label("lead_days"),
        cast(heard_before_decision, Boolean).label("heard_before_decision"),
    ).cte("involvement")


def recorded(*conditions: ColumnElement[bool]) -> CTE:
    """What is on record for the decisions that meet the conditions."""
    of_decision = ASKED.c.decision_id == DECISION.c.id
    # Said of itself, a statement inside of a statement is only tied to the next one around it.
    stated = (
        exists()
        .where(STATEMENT.c.decision_id == DECISION.c.id, STATEMENT.c.partner_id == ASKED.c.partner_id, IN_TIME)
        .correlate(DECISION, ASKED)
    )
    missing = func.aggregate_strings(cast(ASKED.c.partner_id, String(36)), " ")
    return (
        select(
            DECISION.c.id,
            DECISION.c.kind,
            DECISION.c.status,
            DECISION.c.involvement_required,
            func.coalesce(DECISION.c.decided_on, DECISION.c.decides_on, type_=Date()).label("decision_on"),
            first_attendance().label("first_event_on"),
            first_statement().label("first_statement_on"),
            of_each(select(func.count(ASKED.c.partner_id)).where(of_decision)).label("asked"),
            of_each(select(func.count(ASKED.c.partner_id)).where(of_decision, stated)).label("answered"),
            of_each(select(missing).where(of_decision, not_(stated))).label("missing_partner_ids"),
        )
        .where(*conditions)
        .cte("recorded")
        # Else SQLite would look all of it up again wherever it is named above.
        .prefix_with("MATERIALIZED")
    )


def first_attendance() -> ScalarSelect[date]:
    """The first day of a held event of a decision that an asked partner attended."""
    link, event, participant = table_of(DecisionEvent), table_of(ConsultationEvent), table_of(EventParticipant)
    # As a condition the status would have SQLite begin with all events that were held, for each decision anew.
    held_on = case((event.c.status == EventStatus.held, event.c.starts_on))
    statement = (
        select(func.min(held_on, type_=Date()))
        .select_from(event)
        .join(link, link.c.consultation_event_id == event.c.id)
        .join(participant, participant.c.consultation_event_id == event.c.id)
        .join(
            ASKED,
            and_(ASKED.c.decision_id == link.c.decision_id, ASKED.c.partner_id == participant.c.partner_id),
        )
        .where(
            link.c.decision_id == DECISION.c.id,
            participant.c.attendance == Attendance.attended,
        )
    )
    return of_each(statement)


def first_statement() -> ScalarSelect[date]:
    """The first day on which an asked partner gave a statement to a decision."""
    is_asked = and_(ASKED.c.decision_id == STATEMENT.c.decision_id, ASKED.c.partner_id == STATEMENT.c.partner_id)
    statement = select(func.min(STATEMENT.c.submitted_on, type_=Date())).join(ASKED, is_asked)
    return of_each(statement.where(STATEMENT.c.decision_id == DECISION.c.id))


def of_each(statement: Select[Any]) -> ScalarSelect[Any]:
    """What a statement gives for each decision."""
    return statement.correlate(DECISION).scalar_subquery()


def earlier(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The earlier of two days of which either can be unknown."""
    return case((one.is_(None), other), (other.is_(None), one), (one < other, one), else_=other)
