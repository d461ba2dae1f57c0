"""Early involvement in figures: whether the partners are heard before decisions, by kind and half-year."""

from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import CTE, ColumnElement, Float, and_, cast, func, not_, select
from sqlalchemy.sql.functions import coalesce

from app.access.caller import Caller
from app.access.visibility import visible
from app.decisions.models import Decision, DecisionPartner, DecisionTopic
from app.decisions.terms import DecisionStatus
from app.involvement.models import MOST_DAYS, InvolvementState
from app.involvement.queries import DECISION, hearings, involvements
from app.language import Text
from app.objections.queries import open_objections
from app.reports.grouping import counted, half_year
from app.reports.report import MOST_GROUPS, AgreementQuery, Report, ReportHead, kept
from app.resources.lists import any_of, linked
from app.resources.scope import scoped
from app.schema.base import example
from app.schema.fields import Count, Day, Id
from app.vocabularies.decision_kind import DecisionKind


class EarlyInvolvementQuery(AgreementQuery):
    """Which decisions a report is about."""

    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that is asked.")
    kind: list[DecisionKind] | None = Field(default=None, max_length=2, description="Kind of decision.")
    period_from: Day | None = Field(default=None, description="Decided, or to be decided, on this day or later.")
    period_before: Day | None = Field(default=None, description="Decided, or to be decided, before this day.")


class HalfYearInvolvement(BaseModel):
    """The decisions of one kind in one half-year."""

    kind: DecisionKind = Field(description=f"Kind: {DecisionKind.explained()}.")
    half_year: Annotated[str, Field(max_length=7, pattern=r"^\d{4}-H[12]$")] | None = Field(
        description="Half-year of the day of the decision, such as `2025-H1`; null where no day is known."
    )
    decisions: Count = Field(
        description="Decisions, without those that were withdrawn: those that are heard, partly heard, missed, open or waived."
    )
    decided: Count = Field(description="Those of them that are made.")
    heard: Count = Field(description="Those before which every asked partner was heard, made or not.")
    heard_in_time: Count = Field(
        description="Those of the heard that are made, before which every asked partner was heard in time: at least the "
        "agreement's `hearing.minimum_lead_days` before, or 1."
    )
    answered: Count = Field(description="Those of the heard to which every asked partner gave a statement.")
    partly_heard: Count = Field(description="Those before which some asked partners were heard, not all, made or not.")
    missed: Count = Field(description="Those that are made without anyone heard before.")
    open: Count = Field(description="Those that are not made and for which nobody was heard yet.")
    waived: Count = Field(description="Those before which nobody is to be heard, as the city says with its reason.")
    short_notice_explained: Count = Field(
        description="Those of short notice that give a reason; short are fewer days between announcement and decision than "
        "the agreement's `hearing.minimum_lead_days`, or 1. Waived ones are not counted."
    )
    short_notice_unexplained: Count = Field(description="Those of short notice that give none.")
    reported: Count = Field(
        description="Those that associations recorded because the authority had not announced them."
    )
    unconfirmed: Count = Field(description="Those of the reported to which the authority has not answered.")
    refused: Count = Field(description="Those of the reported that the authority denies.")
    contested: Count = Field(description="Those with an open objection that the caller may see.")
    median_lead_days: Annotated[float, Field(ge=-MOST_DAYS, le=MOST_DAYS)] | None = Field(
        description="Median of the days from hearing to decision over the asked partners that were heard, waived decisions "
        "left out; null when there are none."
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
                    "decisions": 6,
                    "decided": 4,
                    "heard": 2,
                    "heard_in_time": 2,
                    "answered": 1,
                    "partly_heard": 1,
                    "missed": 1,
                    "open": 1,
                    "waived": 1,
                    "short_notice_explained": 0,
                    "short_notice_unexplained": 1,
                    "reported": 1,
                    "unconfirmed": 1,
                    "refused": 0,
                    "contested": 1,
                    "median_lead_days": 43.0,
                }
            ],
        }
    )

    items: list[HalfYearInvolvement] = Field(
        max_length=MOST_GROUPS, description="A row for each half-year and kind, in this order."
    )


@kept
def half_year_rows(caller: Caller, wanted: EarlyInvolvementQuery) -> Report[HalfYearInvolvement]:
    """A row for each kind and half-year."""
    heard = hearings(*asked_for(caller, wanted), DECISION.c.status != DecisionStatus.withdrawn)
    involvement, medians = involvements(heard), median_leads(heard)
    c, state = involvement.c, involvement.c.state
    half = half_year(c.decision_on).label("half_year")
    is_short, reason = and_(c.is_short_notice, c.involvement_required), c.short_notice_reason
    is_all_heard = state.in_((InvolvementState.heard, InvolvementState.answered))
    figures = {
        "decisions": func.count(),
        "decided": counted(c.is_made),
        "heard": counted(is_all_heard),
        "heard_in_time": counted(and_(c.is_made, is_all_heard, c.heard_in_time == c.asked)),
        "answered": counted(state == InvolvementState.answered),
        "partly_heard": counted(state == InvolvementState.partly_heard),
        "missed": counted(state == InvolvementState.missed),
        "open": counted(state == InvolvementState.open),
        "waived": counted(not_(c.involvement_required)),
        "short_notice_explained": counted(and_(is_short, reason.is_not(None))),
        "short_notice_unexplained": counted(and_(is_short, reason.is_(None))),
        "reported": counted(c.reported_by_id.is_not(None)),
        "unconfirmed": counted(c.status == DecisionStatus.reported),
        "refused": counted(c.status == DecisionStatus.refused),
        "contested": counted(open_objections(caller, c.decision_id) > 0),
    }
    groups = select(c.kind, half, *(figure.label(name) for name, figure in figures.items()))
    group = groups.group_by(c.kind, half).cte("half_years")
    rows = select(group, coalesce(group.c.half_year, "").label("ordered_by"), medians.c.median_lead_days).outerjoin(
        medians,
        and_(medians.c.kind == group.c.kind, medians.c.ordered_by == coalesce(group.c.half_year, "")),
    )
    return Report(
        "early-involvement",
        Text("Frühzeitige Beteiligung", "Early involvement"),
        HalfYearInvolvement,
        rows.cte("figures"),
        ("ordered_by", "kind"),
    )


def median_leads(heard: CTE) -> CTE:
    """The median lead over the heard partners of each kind and half-year.

    Neither database has both a median and the other; the middle one or two of the ordered ones are found by counting.
    """
    h = heard.c
    group = (h.kind, coalesce(half_year(h.decision_on), "").label("ordered_by"))
    ranked = (
        select(*group, h.lead_days)
        .add_columns(func.row_number().over(partition_by=group, order_by=h.lead_days).label("place"))
        .add_columns(func.count().over(partition_by=group).label("places"))
        .where(h.lead_days.is_not(None), h.involvement_required)
        .cte("ranked")
    )
    r = ranked.c
    median = cast(func.avg(r.lead_days), Float).label("median_lead_days")
    is_middle = r.place.in_(((r.places + 1) // 2, (r.places + 2) // 2))
    return select(r.kind, r.ordered_by, median).where(is_middle).group_by(r.kind, r.ordered_by).cte("medians")


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
