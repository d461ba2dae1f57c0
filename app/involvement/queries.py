"""The one definition of involvement, for one decision, for lists of decisions and for figures about all.

Each asked partner has a row that says when and how it was heard; what is said of a decision is counted over its rows. It
says what was recorded, to whomever may see the decision: that an asked partner was heard, and on which day, also when the
event or the statement itself is for partners only.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Date,
    Select,
    String,
    Table,
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
from sqlalchemy.sql.functions import coalesce

from app.access.caller import Caller
from app.access.visibility import visible
from app.agreements.models import Agreement
from app.consultation_events.models import ConsultationEvent, EventAgendaItem, EventParticipant
from app.consultation_events.terms import Attendance, EventStatus
from app.database.tables import table_of
from app.days import days_between
from app.decisions.models import Decision, DecisionEvent, DecisionPartner
from app.involvement.models import LEAST_LEAD_DAYS, HeardBy, InvolvementState, PartnerHearing
from app.partners.models import Partner
from app.statements.models import Statement, StatementOnBehalf

DECISION, ASKED, STATEMENT = table_of(Decision), table_of(DecisionPartner), table_of(Statement)
LINK, EVENT, PARTICIPANT = table_of(DecisionEvent), table_of(ConsultationEvent), table_of(EventParticipant)
BEHALF, PARTNER = table_of(StatementOnBehalf), table_of(Partner)

OF_PARTNER = "of_partner_"

# As a condition the status would have SQLite begin with all events that were held.
HELD_ON: ColumnElement[Any] = case((EVENT.c.status == EventStatus.held, EVENT.c.starts_on))


def hearings(*conditions: ColumnElement[bool]) -> CTE:
    """A row for each asked partner of every decision that meets the conditions, which are on the table of decisions.

    Where nobody is asked there is one row without a partner.
    """
    decisions = decisions_with(*conditions)
    d, attended, spoken_for = decisions.c, attendances(decisions), statements_on_behalf(decisions)
    own_on, behalf_on = STATEMENT.c.submitted_on, spoken_for.c.submitted_on
    event_on, said_on = attended.c.held_on, coalesce(own_on, behalf_on)
    heard_on = earlier(event_on, said_on)
    heard_by = case(
        (or_(event_on <= said_on, and_(event_on.is_not(None), said_on.is_(None))), HeardBy.event.value),
        (own_on.is_not(None), HeardBy.statement.value),
        (behalf_on.is_not(None), HeardBy.umbrella.value),
    )
    was_received = case(
        (heard_by == HeardBy.statement.value, STATEMENT.c.received_on.is_not(None)),
        (heard_by == HeardBy.umbrella.value, spoken_for.c.received_on.is_not(None)),
        else_=false(),
    )
    of_partner = (
        select(*d, ASKED.c.partner_id, said_on.label("said_on"), heard_on.label("heard_on"))
        .add_columns(case((heard_by == HeardBy.event.value, attended.c.event_id)).label("event_id"))
        .add_columns(coalesce(STATEMENT.c.id, spoken_for.c.statement_id).label("statement_id"))
        .add_columns(cast(was_received, Boolean).label("is_entered_later"))
        .add_columns(heard_by.label("heard_by"), days_between(heard_on, d.decision_on).label("lead_days"))
        .select_from(decisions)
        .outerjoin(ASKED, ASKED.c.decision_id == d.decision_id)
        .outerjoin(attended, same_partner(attended))
        .outerjoin(STATEMENT, and_(same_partner(STATEMENT), is_before(own_on, decisions)))
        .outerjoin(spoken_for, same_partner(spoken_for))
        .cte("heard")
    )
    c = of_partner.c
    is_in_time = case(
        (and_(c.heard_on.is_(None), c.is_made), false()),
        (c.lead_days.is_(None), null()),
        (c.lead_days >= c.minimum_lead_days, true()),
        else_=false(),
    )
    # Else SQLite would look all of it up again wherever it is named.
    return select(*c, cast(is_in_time, Boolean).label("is_in_time")).cte("hearing").prefix_with("MATERIALIZED")


def involvements(heard: CTE) -> CTE:
    """The involvement in every decision of these rows; its columns are what `InvolvementFacts` is made of."""
    h = heard.c
    decision = (h.decision_id, h.kind, h.status, h.involvement_required, h.decision_on, h.is_made)
    notice = (h.notice_days, h.is_short_notice, h.short_notice_reason, h.reported_by_id)
    is_missing = and_(h.partner_id.is_not(None), h.said_on.is_(None))
    missing = func.aggregate_strings(case((is_missing, cast(h.partner_id, String(36)))), " ")
    counts = (
        select(*decision, *notice, missing.label("missing_partner_ids"))
        .add_columns(func.count(h.partner_id).label("asked"), func.count(h.heard_on).label("heard"))
        .add_columns(
            func.count(h.said_on).label("answered"), func.min(h.heard_on, type_=Date()).label("first_heard_on")
        )
        .add_columns(func.count(case((h.is_in_time, h.partner_id))).label("heard_in_time"))
        .group_by(*decision, *notice)
        .cte("counts")
    )
    c = counts.c
    state = case(
        (not_(c.involvement_required), InvolvementState.not_required.value),
        (and_(c.is_made, c.heard == 0), InvolvementState.missed.value),
        (and_(c.asked > 0, c.answered == c.asked), InvolvementState.answered.value),
        (and_(c.asked > 0, c.heard == c.asked), InvolvementState.heard.value),
        (c.heard > 0, InvolvementState.partly_heard.value),
        else_=InvolvementState.open.value,
    )
    heard_before_decision = case(
        (and_(c.first_heard_on.is_(None), c.is_made), false()),
        (or_(c.first_heard_on.is_(None), c.decision_on.is_(None)), null()),
        (c.first_heard_on < c.decision_on, true()),
        else_=false(),
    )
    lead_days = days_between(c.first_heard_on, c.decision_on)
    return (
        select(*c, state.label("state"), lead_days.label("lead_days"))
        .add_columns(cast(heard_before_decision, Boolean).label("heard_before_decision"))
        .cte("involvement")
    )


def of_decision(caller: Caller, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The involvement in the one decision that meets the conditions, once for each asked partner, with its row beside it.

    The columns of the row begin with `OF_PARTNER`; they are null where nobody is asked.
    """
    heard = hearings(*conditions)
    decision, rows = involvements(heard), shown(heard, caller).add_columns(PARTNER.c.sort_name).cte("shown")
    of_partner = (rows.c[name].label(f"{OF_PARTNER}{name}") for name in PartnerHearing.model_fields)
    joined = select(*decision.c, *of_partner).outerjoin(rows, rows.c.decision_id == decision.c.decision_id)
    return joined.order_by(rows.c.sort_name, rows.c.partner_id)


def shown(heard: CTE, caller: Caller) -> Select[Any]:
    """The rows of asked partners as a caller sees them: what was said at a hidden event or in a hidden statement it does not.

    Beside the columns of `PartnerHearing` they have those of the decision and the title of the event.
    """
    c = heard.c
    return (
        select(*(column for column in c if column.name != "event_id"), PARTNER.c.name, STATEMENT.c.position)
        .add_columns(EVENT.c.id.label("event_id"), EVENT.c.title.label("event_title"))
        .outerjoin(PARTNER, and_(PARTNER.c.id == c.partner_id, visible(PARTNER, caller)))
        .outerjoin(EVENT, and_(EVENT.c.id == c.event_id, visible(EVENT, caller)))
        .outerjoin(STATEMENT, and_(STATEMENT.c.id == c.statement_id, visible(STATEMENT, caller)))
        .where(c.partner_id.is_not(None))
    )


def decisions_with(*conditions: ColumnElement[bool]) -> CTE:
    """The decisions that meet the conditions, each with what hearing is measured by."""
    c, agreement = DECISION.c, table_of(Agreement)
    minimum = coalesce(agreement.c.hearing["minimum_lead_days"].as_integer(), LEAST_LEAD_DAYS)
    is_made = c.decided_on.is_not(None)
    # The earlier one, so that neither an announced day that is not kept nor one that is put off hides a short notice.
    notice_days = days_between(c.announced_on, earlier(c.decides_on, c.decided_on))
    is_short = case(
        (and_(c.announced_on.is_(None), is_made), true()),
        (notice_days.is_(None), null()),
        (notice_days < minimum, true()),
        else_=false(),
    )
    return (
        select(c.id.label("decision_id"), c.kind, c.status, c.involvement_required, c.short_notice_reason)
        .add_columns(c.reported_by_id, c.announced_on.label("asked_on"), c.decided_on, is_made.label("is_made"))
        .add_columns(coalesce(c.decided_on, c.decides_on).label("decision_on"), minimum.label("minimum_lead_days"))
        .add_columns(notice_days.label("notice_days"), cast(is_short, Boolean).label("is_short_notice"))
        .join(agreement, agreement.c.id == c.agreement_id)
        .where(*conditions)
        .cte("decisions_asked")
        .prefix_with("MATERIALIZED")
    )


def attendances(decisions: CTE) -> CTE:
    """The first event that counts for each decision and each partner that attended it.

    It was not before the announcement, or has the decision on its agenda: without a day of the announcement that alone
    tells that it was about the decision.
    """
    d, item = decisions.c, table_of(EventAgendaItem)
    on_agenda = exists().where(item.c.consultation_event_id == EVENT.c.id, item.c.decision_id == d.decision_id)
    counting = (
        HELD_ON.is_not(None),
        or_(d.asked_on <= HELD_ON, on_agenda.correlate(EVENT, decisions)),
        is_before(HELD_ON, decisions),
    )
    events = (
        select(LINK.c.decision_id, PARTICIPANT.c.partner_id, EVENT.c.id.label("event_id"), HELD_ON.label("held_on"))
        .select_from(decisions)
        .join(LINK, LINK.c.decision_id == d.decision_id)
        .join(EVENT, EVENT.c.id == LINK.c.consultation_event_id)
        .join(PARTICIPANT, PARTICIPANT.c.consultation_event_id == EVENT.c.id)
        .where(PARTICIPANT.c.attendance == Attendance.attended, is_asked_for(LINK, decisions), *counting)
    )
    return first_of_each(events, "held_on", "event_id", "attended")


def statements_on_behalf(decisions: CTE) -> CTE:
    """The first statement of an umbrella association on a decision for each partner that it names."""
    statements = (
        select(STATEMENT.c.decision_id, BEHALF.c.partner_id, STATEMENT.c.id.label("statement_id"))
        .add_columns(STATEMENT.c.submitted_on, STATEMENT.c.received_on)
        .select_from(decisions)
        .join(STATEMENT, STATEMENT.c.decision_id == decisions.c.decision_id)
        .join(BEHALF, BEHALF.c.statement_id == STATEMENT.c.id)
        .where(is_asked_for(STATEMENT, decisions), is_before(STATEMENT.c.submitted_on, decisions))
    )
    return first_of_each(statements, "submitted_on", "statement_id", "spoken_for")


def is_asked_for(table: Table, decisions: CTE) -> ColumnElement[bool]:
    """Whether a row is of one of the decisions: said once more, or SQLite would go through those of all decisions."""
    return table.c.decision_id.in_(select(decisions.c.decision_id))


def first_of_each(rows: Select[Any], day: str, id: str, name: str) -> CTE:
    """The first of the rows of each decision and partner, by day and id."""
    c = rows.subquery().c
    place = func.row_number().over(partition_by=(c.decision_id, c.partner_id), order_by=(c[day], c[id]))
    ranked = select(*c, place.label("place")).cte(f"ranked_{name}")
    return select(ranked).where(ranked.c.place == 1).cte(name)


def same_partner(table: Any) -> ColumnElement[bool]:
    """Whether a row is of the asked partner and the decision."""
    return and_(table.c.decision_id == ASKED.c.decision_id, table.c.partner_id == ASKED.c.partner_id)


def is_before(day: ColumnElement[date], decisions: CTE) -> ColumnElement[bool]:
    """Whether a day is before that of the decision: once it is made, what comes on its day or later comes too late."""
    return or_(decisions.c.decided_on.is_(None), day < decisions.c.decided_on)


def earlier(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The earlier of two days of which either can be unknown."""
    return case((one.is_(None), other), (other.is_(None), one), (one < other, one), else_=other)
