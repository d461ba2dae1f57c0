"""Duties: what waits for whom, kind by kind. A new kind of duty is a term in `DueKind` and its entry in `DUTIES`."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Select,
    String,
    Uuid,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    table,
)
from sqlalchemy.sql.functions import coalesce
from sqlmodel import SQLModel

from app.access.roles import Role
from app.access.visibility import visible
from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.consultation_events.terms import Attendance
from app.days import day_in, months_later, start_of
from app.decisions.models import Decision, DecisionPartner
from app.decisions.terms import DecisionStatus
from app.indicators.models import Indicator
from app.needs.models import Need
from app.needs.terms import NeedStatus
from app.objections.models import Objection
from app.objections.terms import ObjectionState
from app.observations.models import Observation
from app.progress_reports.models import ProgressReport
from app.progress_reports.terms import ReportState
from app.proposals.models import Proposal
from app.proposals.terms import ProposalState
from app.reports.duty import Asked, DueKind, due, opening, rows_of
from app.reports.horizon import on_page
from app.reports.timeliness import DONE, last_reported_on
from app.statements.models import Statement, StatementOnBehalf
from app.sub_measures.models import SubMeasure, SubMeasureMilestone, SubMeasureSupporter
from app.sub_measures.terms import SubMeasureStatus
from app.tables import table_of

EVENT, PARTICIPANT = table_of(ConsultationEvent), table_of(EventParticipant)
DECISION, ASKED, STATEMENT = table_of(Decision), table_of(DecisionPartner), table_of(Statement)
MEASURE, MILESTONE, SUPPORTER = table_of(SubMeasure), table_of(SubMeasureMilestone), table_of(SubMeasureSupporter)
BEHALF, PROPOSAL, OBJECTION = table_of(StatementOnBehalf), table_of(Proposal), table_of(Objection)
INDICATOR, OBSERVATION, REPORT, NEED = (table_of(each) for each in (Indicator, Observation, ProgressReport, Need))
# Named and not declared here: what delivers to endpoints stands above the reports.
ENDPOINT = table(
    "webhook_endpoint",
    column("id", Uuid()),
    column("partner_id", Uuid()),
    column("description", String()),
    column("is_enabled", Boolean()),
    column("disabled_at", EVENT.c.starts_at.type),
)
PENDING = (DecisionStatus.announced, DecisionStatus.in_consultation)
UNANSWERED = (NeedStatus.open, NeedStatus.acknowledged, NeedStatus.in_discussion)


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


def milestones(asked: Asked) -> Iterator[Select[Any]]:
    """The milestones that were not reached yet, of sub-measures that are not done; they concern who supports."""
    supports = exists().where(SUPPORTER.c.sub_measure_id == MEASURE.c.id, asked.is_wanted(SUPPORTER.c.partner_id))
    yield (
        due(
            asked,
            DueKind.milestone,
            SubMeasure,
            title=MILESTONE.c.title,
            on=MILESTONE.c.due_on,
            of=MEASURE.c.lead_partner_id,
            part=MILESTONE.c.position,
            concerns=supports,
        )
        .join(MILESTONE, MILESTONE.c.sub_measure_id == MEASURE.c.id)
        .where(
            visible(MEASURE, asked.caller),
            MEASURE.c.status.not_in(DONE),
            MILESTONE.c.due_on.is_not(None),
            MILESTONE.c.reached_on.is_(None),
        )
    )


def reports(asked: Asked) -> Iterator[Select[Any]]:
    """The progress reports on sub-measures that are agreed and not done."""
    last = last_reported_on(asked.caller, ReportState.submitted, ReportState.accepted)
    since = coalesce(last, MEASURE.c.starts_on, day_in(MEASURE.c.created_at, asked.zone.key))
    yield due(
        asked,
        DueKind.report,
        SubMeasure,
        title=MEASURE.c.title,
        on=months_later(since, literal(asked.report_months)),
        of=MEASURE.c.lead_partner_id,
    ).where(visible(MEASURE, asked.caller), MEASURE.c.status.not_in((*DONE, SubMeasureStatus.proposed)))


def reports_to_accept(asked: Asked) -> Iterator[Select[Any]]:
    """The progress reports that were submitted."""
    yield (
        due(asked, DueKind.report_to_accept, ProgressReport, title=MEASURE.c.title, waiting=REPORT.c.partner_id)
        .join(MEASURE, MEASURE.c.id == REPORT.c.sub_measure_id)
        .where(visible(REPORT, asked.caller), visible(MEASURE, asked.caller), REPORT.c.state == ReportState.submitted)
    )


def observations(asked: Asked) -> Iterator[Select[Any]]:
    """The next values of indicators: by their interval, or else at the day of their target."""
    last = (
        select(func.max(OBSERVATION.c.on, type_=Date()))
        .where(OBSERVATION.c.indicator_id == INDICATOR.c.id, visible(OBSERVATION, asked.caller))
        .correlate(INDICATOR)
        .scalar_subquery()
    )
    since = coalesce(last, INDICATOR.c.baseline_on, day_in(INDICATOR.c.created_at, asked.zone.key))
    on = case(
        (INDICATOR.c.interval_months.is_not(None), months_later(since, INDICATOR.c.interval_months)),
        (or_(last.is_(None), last < INDICATOR.c.target_on), INDICATOR.c.target_on),
    )
    is_its = and_(MEASURE.c.id == INDICATOR.c.sub_measure_id, visible(MEASURE, asked.caller))
    yield (
        due(asked, DueKind.observation, Indicator, title=INDICATOR.c.name, on=on, of=MEASURE.c.lead_partner_id)
        .outerjoin(MEASURE, is_its)
        .where(visible(INDICATOR, asked.caller), on.is_not(None))
    )


def needs(asked: Asked) -> Iterator[Select[Any]]:
    """The needs that were not answered yet."""
    yield due(asked, DueKind.need, Need, title=NEED.c.title, waiting=NEED.c.raised_by_id).where(
        visible(NEED, asked.caller), NEED.c.status.in_(UNANSWERED)
    )


def proposals(asked: Asked) -> Iterator[Select[Any]]:
    """The proposals that are open: of each party that can answer them, until one did."""
    yield answers(asked, DueKind.proposal, Proposal, PROPOSAL.c.reason, PROPOSAL.c.proposed_by_id).where(
        PROPOSAL.c.state == ProposalState.open
    )


def objections(asked: Asked) -> Iterator[Select[Any]]:
    """The open objections without an answer: of each party that can give one, until one did."""
    yield answers(asked, DueKind.objection, Objection, OBJECTION.c.text, OBJECTION.c.raised_by_id).where(
        OBJECTION.c.state == ObjectionState.open, OBJECTION.c.answered_by_id.is_(None)
    )


def answers(
    asked: Asked, kind: DueKind, model: type[SQLModel], text: ColumnElement[Any], first: ColumnElement[Any]
) -> Select[Any]:
    """What each party on another side than the first speaker has to answer."""
    table, party = table_of(model), asked.parties
    return (
        due(asked, kind, model, title=opening(text), of=party.c.partner_id, waiting=first)
        .join(party, party.c.agreement_id == table.c.agreement_id)
        .where(visible(table, asked.caller), asked.is_across(party.c.partner_id, table, first))
    )


def webhook_endpoints(asked: Asked) -> Iterator[Select[Any]]:
    """The endpoints that the register disabled and nobody enabled since, for those who keep them."""
    e = ENDPOINT.c
    shown, day = coalesce(e.description, literal("Webhook")), day_in(e.disabled_at, asked.zone.key)
    is_kept = or_(e.partner_id == asked.caller.partner_id, literal(asked.caller.has(Role.operator)))
    yield rows_of(DueKind.webhook_endpoint, ENDPOINT, cast(null(), Uuid()), title=shown, on=day, of=e.partner_id).where(
        is_kept,
        e.is_enabled.is_(False),
        e.disabled_at.is_not(None),
        # They belong to no agreement and no goal.
        literal(not asked.agreement_ids and not asked.goal_ids),
    )


DUTIES: Mapping[DueKind, Callable[[Asked], Iterator[Select[Any]]]] = {
    DueKind.event: events,
    DueKind.event_to_close: events_to_close,
    DueKind.statement: statements,
    DueKind.statement_to_answer: statements_to_answer,
    DueKind.decision: decisions,
    DueKind.reported_decision: reported_decisions,
    DueKind.milestone: milestones,
    DueKind.report: reports,
    DueKind.report_to_accept: reports_to_accept,
    DueKind.observation: observations,
    DueKind.need: needs,
    DueKind.proposal: proposals,
    DueKind.objection: objections,
    DueKind.webhook_endpoint: webhook_endpoints,
}
"""The statements that find what is due of each kind."""
