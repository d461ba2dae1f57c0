"""Duties: what waits for whom, kind by kind. A new kind of duty is a term in `DueKind` and its entry in `DUTIES`."""

from collections.abc import Callable, Iterator, Mapping
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
from app.database.tables import table_of
from app.days import day_in, months_later
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
from app.reports import hearing_duties as hearing
from app.reports.duty import MOMENT, Asked, DueKind, due, opening, rows_of
from app.reports.timeliness import DONE, last_reported_on
from app.sub_measures.models import SubMeasure, SubMeasureMilestone, SubMeasureSupporter
from app.sub_measures.terms import SubMeasureStatus

MEASURE, MILESTONE, SUPPORTER = table_of(SubMeasure), table_of(SubMeasureMilestone), table_of(SubMeasureSupporter)
PROPOSAL, OBJECTION = table_of(Proposal), table_of(Objection)
INDICATOR, OBSERVATION, REPORT, NEED = (table_of(each) for each in (Indicator, Observation, ProgressReport, Need))
# Named and not declared here: what delivers to endpoints stands above the reports.
ENDPOINT = table(
    "webhook_endpoint",
    column("id", Uuid()),
    column("partner_id", Uuid()),
    column("description", String()),
    column("is_enabled", Boolean()),
    column("disabled_at", MOMENT),
)
UNANSWERED = (NeedStatus.open, NeedStatus.acknowledged, NeedStatus.in_discussion)


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
    DueKind.event: hearing.events,
    DueKind.event_to_close: hearing.events_to_close,
    DueKind.statement: hearing.statements,
    DueKind.statement_to_answer: hearing.statements_to_answer,
    DueKind.decision: hearing.decisions,
    DueKind.reported_decision: hearing.reported_decisions,
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
