"""Early involvement: whether the partners are heard before decisions, over time and one by one."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import (
    ColumnElement,
    Date,
    Float,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.sql.functions import coalesce

from app.access.caller import Caller
from app.access.visibility import visible
from app.decisions.models import Decision, DecisionPartner, DecisionTopic
from app.decisions.terms import DecisionStatus
from app.involvement.models import MOST_DAYS, InvolvementFacts, InvolvementState
from app.involvement.queries import DECISION, involvements
from app.reports.grouping import counted, half_year
from app.reports.report import MOST_GROUPS, AgreementQuery, PeriodQuery, Report, ReportHead, ReportPage, RowQuery
from app.resources.ids import named_id, shown_id
from app.resources.lists import MAX_LIMIT, any_of, linked
from app.resources.scope import scoped
from app.schema.base import example
from app.schema.fields import Count, Day, Id, Name, Title
from app.vocabularies.decision_kind import DecisionKind

FAR = date(9999, 12, 31)


class EarlyInvolvementQuery(AgreementQuery, PeriodQuery):
    """Which decisions a report is about."""

    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that is asked.")
    kind: list[DecisionKind] | None = Field(default=None, max_length=2, description="Kind of decision.")
    period_from: Day | None = Field(default=None, description="Decided, or to be decided, on this day or later.")
    period_before: Day | None = Field(default=None, description="Decided, or to be decided, before this day.")


class DecisionInvolvementQuery(EarlyInvolvementQuery, RowQuery):
    """Which rows are asked for."""

    state: list[InvolvementState] | None = Field(default=None, max_length=5, description="How far the involvement is.")


class DecisionHead(BaseModel):
    decision_id: UUID = Field(description="The decision.")
    title: Title = Field(description="What is decided.")
    kind: DecisionKind = Field(description=f"Kind: {DecisionKind.explained()}.")
    status: DecisionStatus = Field(description=f"How far it is: {DecisionStatus.explained()}.")
    reference: Name | None = Field(description="Number of the paper.")
    announced_on: date | None = Field(description="Day on which the partners were told.")


class DecisionInvolvement(InvolvementFacts, DecisionHead):
    """One decision with the involvement of the partners in it."""


class HalfYearInvolvement(BaseModel):
    """The decisions of one kind in one half-year."""

    kind: DecisionKind = Field(description=f"Kind: {DecisionKind.explained()}.")
    half_year: Annotated[str, Field(max_length=7, pattern=r"^\d{4}-H[12]$")] | None = Field(
        description="Half-year of the day of the decision, such as `2025-H1`; null where no day is known."
    )
    decisions: Count = Field(
        description="Decisions before which the partners are to be heard, without those that were withdrawn."
    )
    decided: Count = Field(description="Those of them that are made.")
    heard_in_time: Count = Field(description="Those that are made, before which a partner was heard on an earlier day.")
    missed: Count = Field(description="Those that are made without anyone heard before.")
    answered: Count = Field(description="Those to which every asked partner gave a statement in time, made or not.")
    open: Count = Field(description="Those that are not made and for which nobody was heard yet.")
    median_lead_days: Annotated[float, Field(ge=-MOST_DAYS, le=MOST_DAYS)] | None = Field(
        description="Median of the days from the first hearing to the day of the decision, of those with both; "
        "null when there are none."
    )


class EarlyInvolvementFigures(ReportHead):
    """Whether the partners are heard before decisions, by kind and half-year."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-06-30",
            "items": [
                {
                    "kind": "sectoral",
                    "half_year": "2025-H1",
                    "decisions": 4,
                    "decided": 3,
                    "heard_in_time": 2,
                    "missed": 1,
                    "answered": 1,
                    "open": 1,
                    "median_lead_days": 43.0,
                }
            ],
        }
    )

    items: list[HalfYearInvolvement] = Field(
        max_length=MOST_GROUPS, description="A row for each half-year and kind, in this order."
    )


class DecisionInvolvementFigures(ReportPage):
    """Whether the partners are heard before decisions, one by one."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-06-30",
            "items": [
                {
                    "decision_id": str(shown_id("decisions")),
                    "title": "Fortschreibung des Strategiepapiers Suchtprävention",
                    "kind": "sectoral",
                    "status": "decided",
                    "reference": "V2345/25",
                    "announced_on": "2025-01-13",
                    "state": "heard",
                    "decision_on": "2025-05-15",
                    "first_heard_on": "2025-03-12",
                    "lead_days": 64,
                    "heard_before_decision": True,
                    "asked": 2,
                    "answered": 1,
                    "missing_partner_ids": [str(named_id("partners", "liga-dresden"))],
                }
            ],
            "next_cursor": None,
        }
    )

    items: list[DecisionInvolvement] = Field(
        max_length=MAX_LIMIT, description="A row for each decision, by the day of the decision, unknown days last."
    )


def decision_rows(caller: Caller, wanted: DecisionInvolvementQuery) -> Report[DecisionInvolvement]:
    """A row for each decision that is asked for."""
    involvement = involvements(*asked_for(caller, wanted))
    c = involvement.c
    rows = select(
        *c,
        DECISION.c.title,
        DECISION.c.reference,
        DECISION.c.announced_on,
        coalesce(c.decision_on, literal(FAR, Date())).label("ordered_on"),
    ).join(DECISION, DECISION.c.id == c.decision_id)
    if wanted.state:
        rows = rows.where(any_of(c.state, wanted.state))
    return Report("decision-involvement", DecisionInvolvement, rows.cte("decisions"), ("ordered_on", "decision_id"))


def half_year_rows(caller: Caller, wanted: EarlyInvolvementQuery) -> Report[HalfYearInvolvement]:
    """A row for each kind and half-year."""
    involvement = involvements(
        *asked_for(caller, wanted), DECISION.c.involvement_required, DECISION.c.status != DecisionStatus.withdrawn
    )
    c = involvement.c
    group = (c.kind, half_year(c.decision_on).label("half_year"))
    # Neither database has both a median and the other; the middle one or two of the ordered ones are found by counting.
    ranked = select(
        *group,
        c.status,
        c.state,
        c.heard_before_decision,
        c.lead_days,
        func.row_number().over(partition_by=(*group, c.lead_days.is_(None)), order_by=c.lead_days).label("place"),
        func.count(c.lead_days).over(partition_by=group).label("places"),
    ).cte("ranked")
    r = ranked.c
    is_middle = and_(r.lead_days.is_not(None), r.place.in_(((r.places + 1) // 2, (r.places + 2) // 2)))
    is_decided = r.status == DecisionStatus.decided
    rows = (
        select(
            r.kind,
            r.half_year,
            coalesce(r.half_year, "").label("ordered_by"),
            func.count().label("decisions"),
            counted(is_decided).label("decided"),
            counted(and_(is_decided, r.heard_before_decision)).label("heard_in_time"),
            counted(r.state == InvolvementState.missed).label("missed"),
            counted(r.state == InvolvementState.answered).label("answered"),
            counted(r.state == InvolvementState.open).label("open"),
            cast(func.avg(case((is_middle, r.lead_days))), Float).label("median_lead_days"),
        )
        .group_by(r.kind, r.half_year)
        .cte("half_years")
    )
    return Report("early-involvement", HalfYearInvolvement, rows, ("ordered_by", "kind"))


def asked_for(caller: Caller, wanted: EarlyInvolvementQuery) -> list[ColumnElement[bool]]:
    """The conditions on decisions."""
    conditions = [visible(DECISION, caller), *scoped(Decision, caller, wanted.agreement_id, wanted.goal_id)]
    if wanted.topic_id:
        conditions.append(linked(Decision, DecisionTopic, "topic_id", wanted.topic_id))
    if wanted.partner_id:
        conditions.append(linked(Decision, DecisionPartner, "partner_id", wanted.partner_id))
    if wanted.kind:
        conditions.append(any_of(DECISION.c.kind, wanted.kind))
    day = coalesce(DECISION.c.decided_on, DECISION.c.decides_on)
    if wanted.period_from is not None:
        conditions.append(day >= wanted.period_from)
    if wanted.period_before is not None:
        conditions.append(day < wanted.period_before)
    return conditions
