"""Upcoming: everything that waits for somebody, in one order of time."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import CTE, Date, String, Subquery, and_, case, cast, literal, or_, select, union_all
from sqlalchemy.sql.functions import coalesce

from app.access.caller import Caller
from app.access.parties import Side
from app.database.tables import ordered_text
from app.language import Text
from app.partners.models import Partner
from app.partners.queries import successors
from app.reports.duties import DUTIES
from app.reports.duty import TITLE_LENGTH, Asked, DueKind
from app.reports.horizon import page_of
from app.reports.names import name_of
from app.reports.report import Report, ReportPage, RowQuery, kept
from app.reports.timeliness import UNREPORTED_MONTHS
from app.resources.ids import named_id, shown_id
from app.resources.lists import ABOUT_GOAL, MAX_LIMIT
from app.schema.base import example
from app.schema.fields import Id, Title
from app.schema.text import is_seen

DEFAULT_DAYS, MOST_DAYS_AHEAD = 30, 366
NO_DAY = date.max
"""Where what has no day stands in the order."""
MORE = "…"


def first_line(value: Any) -> Any:
    """What stands for a title where it is a text: the first line in which there is something to see, not too long."""
    if not isinstance(value, str):
        return value
    start = next((place for place, letter in enumerate(value) if is_seen(letter)), None)
    if start is None:
        return MORE
    line = value[start:].splitlines()[0].replace("\t", " ").rstrip()
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - len(MORE)].rstrip() + MORE


class UpcomingQuery(RowQuery):
    """What is asked for."""

    agreement_id: list[Id] | None = Field(default=None, max_length=50, description="Agreement.")
    goal_id: list[Id] | None = Field(default=None, max_length=50, description=ABOUT_GOAL)
    partner_id: list[Id] | None = Field(
        default=None,
        max_length=50,
        description="Partner that something waits for, by itself or in place of one that merged into it; also the "
        "decisions "
        "that it is asked about and the milestones that it supports. None: of all.",
    )
    days: Annotated[int, Field(ge=1, le=MOST_DAYS_AHEAD)] = Field(
        default=DEFAULT_DAYS, description="How many days ahead; what is overdue or has no day is always there."
    )
    kind: list[DueKind] | None = Field(default=None, max_length=len(DueKind), description="What is due.")
    report_months: Annotated[int, Field(ge=1, le=120)] = Field(
        default=UNREPORTED_MONTHS,
        description="Months after which a progress report is due: since the last one that was not returned, else the "
        "start of the work.",
    )


class Due(BaseModel):
    """One thing that waits for a partner."""

    due_on: date | None = Field(description="Day on which it is due, or takes place; null where none is said.")
    kind: DueKind = Field(description=f"What is due: {DueKind.explained()}.")
    is_overdue: bool = Field(description="Whether that day has passed.")
    title: Annotated[Title, BeforeValidator(first_line)] = Field(
        description="Title of the event, the decision, the milestone, the sub-measure, the indicator or the need; of a "
        "proposal or an objection the first line of its reason or text, shortened."
    )
    resource_type: Annotated[str, Field(max_length=60, pattern="^[a-z_]+$")] = Field(
        description="Kind of the resource that it belongs to, such as `decision` for a statement."
    )
    resource_id: UUID = Field(description="Id of that resource.")
    partner_id: UUID = Field(
        description="Partner that it waits for: who organises, takes part, is asked or leads. What nobody of these has"
        " to do, "
        "each party on the side `authority` has, in a row of its own; a proposal or an objection each party that can "
        "answer it, "
        "until one did. What waited for one that merged waits for its successor."
    )
    partner_name: Title | None = Field(description="Its name; null where the caller may not see it.")
    waiting_partner_id: UUID | None = Field(
        description="Partner whose statement, report, need, proposal, objection or reported decision it is about, "
        "which waits "
        "for it; null for everything else."
    )
    waiting_partner_name: Title | None = Field(description="Its name; null where the caller may not see it.")
    starts_at: datetime | None = Field(description="Start of an event (UTC).")


class UpcomingFigures(ReportPage):
    """What is due."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-03-01",
            "items": [
                {
                    "due_on": "2025-03-12",
                    "kind": "event",
                    "is_overdue": False,
                    "title": "Fachtag Suchtprävention",
                    "resource_type": "consultation_event",
                    "resource_id": str(shown_id("consultation-events")),
                    "partner_id": str(named_id("partners", "landeshauptstadt-dresden")),
                    "partner_name": "Landeshauptstadt Dresden",
                    "waiting_partner_id": None,
                    "waiting_partner_name": None,
                    "starts_at": "2025-03-12T08:00:00Z",
                }
            ],
            "next_cursor": None,
        }
    )

    items: list[Due] = Field(
        max_length=MAX_LIMIT, description="What is due, in the order of time; what has no day stands last."
    )


@kept
def upcoming_rows(caller: Caller, wanted: UpcomingQuery, today: date, zone: ZoneInfo) -> Report[Due]:
    """A row for everything that is due and each partner that it waits for."""
    asked = Asked(
        caller,
        today,
        today + timedelta(days=wanted.days),
        zone,
        wanted.partner_id or [],
        wanted.agreement_id or [],
        wanted.goal_id or [],
        wanted.report_months,
        successors(caller, today),
    )
    everything = union_all(*(found for kind in wanted.kind or DueKind for found in DUTIES[kind](asked))).subquery()
    d = given_to_partners(asked, everything).c
    place = cast(d.resource_id, String(36)) + ":" + cast(d.partner_id, String(36)) + ":" + d.part
    is_wanted = [or_(d.partner_id.in_(asked.partner_ids), d.concerns)] if asked.partner_ids else []
    rows = (
        select(
            d.due_on,
            d.kind,
            case((d.due_on < today, True), else_=False).label("is_overdue"),
            d.title,
            d.resource_type,
            d.resource_id,
            d.partner_id,
            name_of(Partner, d.partner_id, caller).label("partner_name"),
            d.waiting_partner_id,
            name_of(Partner, d.waiting_partner_id, caller).label("waiting_partner_name"),
            d.starts_at,
            coalesce(d.due_on, literal(NO_DAY, Date())).label("sort_on"),
            cast(d.kind + ":" + place, ordered_text(160)).label("key"),
        )
        .where(or_(d.due_on.is_(None), d.due_on <= asked.until), *is_wanted)
        .cte("upcoming")
    )
    return Report(
        "upcoming", Text("Was ansteht", "What is due"), Due, rows, ("sort_on", "key"), partial(page_of, asked)
    )


def given_to_partners(asked: Asked, everything: Subquery) -> CTE:
    """Everything that is due with the partner that it waits for: what is nobody's waits for the authority of its agreement."""
    e, authority = everything.c, asked.parties
    is_nobodys = and_(
        e.partner_id.is_(None), authority.c.agreement_id == e.agreement_id, authority.c.side == Side.authority
    )
    whose = coalesce(e.partner_id, authority.c.partner_id)
    others = (column for column in e if column.name not in ("partner_id", "agreement_id"))
    return (
        select(*others, asked.heir(whose).label("partner_id"))
        .select_from(everything.outerjoin(authority, is_nobodys))
        .where(whose.is_not(None))
        # What waited for two partners that became one waits for that one once.
        .distinct()
        .cte("duties")
    )
