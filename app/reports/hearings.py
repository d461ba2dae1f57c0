"""Early involvement one by one: the decisions, and each asked partner of each."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import CTE, ColumnElement, Date, String, and_, cast, func, literal, select
from sqlalchemy.sql.functions import coalesce

from app.access.caller import Caller
from app.access.visibility import visible
from app.decisions.terms import DecisionStatus
from app.involvement.models import MOST_PARTNERS, InvolvementFacts, InvolvementState, PartnerHearing
from app.involvement.queries import DECISION, PARTNER, hearings, involvements, shown
from app.language import Text
from app.objections.queries import open_objections
from app.reports.early_involvement import EarlyInvolvementQuery, asked_for
from app.reports.report import Report, ReportPage, RowQuery, kept
from app.resources.ids import named_id, shown_id
from app.resources.lists import MAX_LIMIT, any_of
from app.schema.base import example
from app.schema.fields import Count, Id, Name, Paragraphs, Title
from app.vocabularies.decision_kind import DecisionKind

FAR = date(9999, 12, 31)
SHOWN_DECISION = {
    "decision_id": str(shown_id("decisions")),
    "title": "Fortschreibung des Strategiepapiers Suchtprävention",
    "kind": "sectoral",
    "status": "decided",
    "reference": "V2345/25",
    "announced_on": "2025-01-13",
    "open_objections": 0,
}
"""The decision in the contract's examples."""


def names_in(value: Any) -> Any:
    """The names in the one text that the database makes of ids and names, in the order of the ids."""
    if value is not None and not isinstance(value, str):
        return value
    pairs = sorted(line.split(" ", 1) for line in (value or "").splitlines())
    return [name or None for _, name in pairs]


class DecisionInvolvementQuery(EarlyInvolvementQuery, RowQuery):
    """Which rows are asked for."""

    state: list[InvolvementState] | None = Field(default=None, max_length=6, description="How far the involvement is.")


class PartnerInvolvementQuery(DecisionInvolvementQuery):
    """Which rows of which decisions are asked for."""

    partner_id: list[Id] | None = Field(
        default=None, max_length=50, description="Partner that is asked; only its rows are given."
    )


class DecisionHead(BaseModel):
    decision_id: UUID = Field(description="The decision.")
    title: Title = Field(description="What is decided.")
    kind: DecisionKind = Field(description=f"Kind: {DecisionKind.explained()}.")
    status: DecisionStatus = Field(description=f"How far it is: {DecisionStatus.explained()}.")
    reference: Name | None = Field(description="Number of the paper.")
    announced_on: date | None = Field(description="Day on which the partners were told.")
    open_objections: Count = Field(description="Number of objections to it that are open and that the caller may see.")


class DecisionInvolvement(InvolvementFacts, DecisionHead):
    """One decision with the involvement of the partners in it."""

    waiver_reason: Paragraphs | None = Field(description="Why the partners are not to be heard.")
    short_notice_reason: Paragraphs | None = Field(description="Why the notice is short.")
    missing_partner_names: Annotated[list[Title | None], Field(max_length=MOST_PARTNERS), BeforeValidator(names_in)] = (
        Field(description="Their names, in the same order; null for whom a partner is not there.")
    )


class PartnerInvolvement(PartnerHearing, DecisionHead):
    """One asked partner of one decision, with when and how it was heard."""

    decision_on: date | None = Field(
        description="Day of the decision: `decided_on`, or `decides_on` while it is not made."
    )
    state: InvolvementState = Field(
        description=f"How far the involvement in the decision is: {InvolvementState.explained()}."
    )
    event_title: Title | None = Field(description="Title of that event.")


class DecisionInvolvementFigures(ReportPage):
    """Whether the partners are heard before decisions, one by one."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-06-30",
            "items": [
                {
                    **SHOWN_DECISION,
                    "state": "partly_heard",
                    "decision_on": "2025-05-15",
                    "first_heard_on": "2025-03-12",
                    "lead_days": 64,
                    "heard_before_decision": True,
                    "notice_days": 122,
                    "is_short_notice": False,
                    "asked": 2,
                    "heard": 1,
                    "heard_in_time": 1,
                    "answered": 1,
                    "missing_partner_ids": [str(named_id("partners", "liga-dresden"))],
                    "waiver_reason": None,
                    "short_notice_reason": None,
                    "missing_partner_names": ["Liga der Freien Wohlfahrtspflege Dresden"],
                }
            ],
            "next_cursor": None,
        }
    )

    items: list[DecisionInvolvement] = Field(
        max_length=MAX_LIMIT, description="A row for each decision, by the day of the decision, unknown days last."
    )


class PartnerInvolvementFigures(ReportPage):
    """Whether each asked partner was heard before each decision."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-06-30",
            "items": [
                {
                    **SHOWN_DECISION,
                    "partner_id": str(named_id("partners", "caritas-dresden")),
                    "name": "Caritasverband für Dresden e. V.",
                    "asked_on": "2025-01-13",
                    "heard_on": "2025-03-12",
                    "heard_by": "event",
                    "is_entered_later": False,
                    "event_id": str(shown_id("consultation-events")),
                    "lead_days": 64,
                    "is_in_time": True,
                    "position": "support_with_changes",
                    "decision_on": "2025-05-15",
                    "state": "partly_heard",
                    "event_title": "Fachtag Suchtprävention",
                }
            ],
            "next_cursor": None,
        }
    )

    items: list[PartnerInvolvement] = Field(
        max_length=MAX_LIMIT,
        description="A row for each asked partner of each decision, by the day of the decision, unknown days last.",
    )


@kept
def decision_rows(caller: Caller, wanted: DecisionInvolvementQuery) -> Report[DecisionInvolvement]:
    """A row for each decision that is asked for."""
    heard = hearings(*asked_for(caller, wanted))
    involvement, missing = involvements(heard), missing_names(heard, caller)
    c = involvement.c
    rows = (
        select(*c, *of_decision(caller), DECISION.c.waiver_reason)
        .add_columns(ordered_on(involvement), missing.c.missing_partner_names)
        .join(DECISION, DECISION.c.id == c.decision_id)
        .outerjoin(missing, missing.c.decision_id == c.decision_id)
    )
    if wanted.state:
        rows = rows.where(any_of(c.state, wanted.state))
    return Report(
        "decision-involvement",
        Text("Beteiligung je Entscheidung", "Involvement in each decision"),
        DecisionInvolvement,
        rows.cte("decisions"),
        ("ordered_on", "decision_id"),
    )


@kept
def partner_rows(caller: Caller, wanted: PartnerInvolvementQuery) -> Report[PartnerInvolvement]:
    """A row for each asked partner of each decision that is asked for."""
    heard = hearings(*asked_for(caller, wanted))
    involvement, rows = involvements(heard), shown(heard, caller).cte("shown")
    c = rows.c
    selected = (
        select(*c, *of_decision(caller), ordered_on(rows), involvement.c.state)
        .join(DECISION, DECISION.c.id == c.decision_id)
        .join(involvement, involvement.c.decision_id == c.decision_id)
    )
    if wanted.state:
        selected = selected.where(any_of(involvement.c.state, wanted.state))
    if wanted.partner_id:
        selected = selected.where(any_of(c.partner_id, wanted.partner_id))
    order = ("ordered_on", "decision_id", "partner_id")
    return Report(
        "partner-involvement",
        Text("Beteiligung je Partner", "Involvement of each partner"),
        PartnerInvolvement,
        selected.cte("partners"),
        order,
    )


def of_decision(caller: Caller) -> list[ColumnElement[Any]]:
    """What rows say of their decision beside its involvement."""
    d = DECISION.c
    return [d.title, d.reference, d.announced_on, open_objections(caller, d.id).label("open_objections")]


def ordered_on(rows: CTE) -> ColumnElement[date]:
    """The day of a decision to order by: what has none stands last."""
    return coalesce(rows.c.decision_on, literal(FAR, Date())).label("ordered_on")


def missing_names(heard: CTE, caller: Caller) -> CTE:
    """The asked partners of each decision that gave no statement: a line with id and name for each, in one text."""
    h = heard.c
    line = cast(h.partner_id, String(36)) + " " + coalesce(PARTNER.c.name, "")
    return (
        select(h.decision_id, func.aggregate_strings(line, "\n").label("missing_partner_names"))
        .outerjoin(PARTNER, and_(PARTNER.c.id == h.partner_id, visible(PARTNER, caller)))
        .where(h.partner_id.is_not(None), h.said_on.is_(None))
        .group_by(h.decision_id)
        .cte("missing")
    )
