"""Progress: how far goals and sub-measures are, and what nobody has reported on."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import (
    Float,
    Numeric,
    cast,
    func,
    not_,
    select,
)

from app.access.caller import Caller
from app.access.visibility import visible
from app.agreements.models import Agreement
from app.language import Text
from app.reports.grouping import counted
from app.reports.names import name_of
from app.reports.progressed import GOAL, ProgressQuery, SubMeasureProgressQuery, of_goals, progress_of
from app.reports.report import MOST_GROUPS, Report, ReportHead, ReportPage, kept
from app.reports.timeliness import Timeliness
from app.resources.ids import named_id
from app.resources.lists import MAX_LIMIT, any_of
from app.schema.base import example
from app.schema.fields import Count, Name, Ordinal, Percent, Title
from app.sub_measures.terms import SubMeasureStatus
from app.topics.models import Topic


class SubMeasureProgress(BaseModel):
    """How far one sub-measure is."""

    sub_measure_id: UUID = Field(description="The sub-measure.")
    code: str = Field(max_length=10, pattern=r"^\d+\.\d+$", description="Its code, such as `3.4`.")
    title: Title = Field(description="Its title.")
    goal_id: UUID = Field(description="Goal that it serves.")
    goal_title: Title = Field(description="Its title.")
    lead_partner_id: UUID | None = Field(description="Partner that leads.")
    lead_partner_name: Title | None = Field(description="Its name; null where the caller may not see it.")
    status: SubMeasureStatus = Field(description=f"How far it is: {SubMeasureStatus.explained()}.")
    timeliness: Timeliness = Field(
        description=f"Whether it is in time: {Timeliness.explained()}. Late is what is not done although its last day, "
        "or the day of a milestone that was not reached, has passed; not scheduled is what has neither day."
    )
    progress_percent: Percent | None = Field(description="How much is done, as the partners say.")
    starts_on: date | None = Field(description="First day of the work.")
    ends_on: date | None = Field(description="Last day of the work.")
    last_reported_on: date | None = Field(
        description="Last day that those of its accepted reports cover that the caller may see."
    )
    is_unreported: bool = Field(
        description="Whether it is not done and no accepted report that the caller may see covers a day of the last "
        "`unreported_months` months."
    )
    open_objections: Count = Field(description="Number of objections to it that are open and that the caller may see.")


class GoalProgress(BaseModel):
    """How far the sub-measures of one goal are."""

    goal_id: UUID = Field(description="The goal.")
    agreement_id: UUID = Field(description="Agreement that it belongs to.")
    agreement_title: Title | None = Field(description="Its title; null where the caller may not see it.")
    topic_id: UUID = Field(description="Its topic.")
    topic_name: Name | None = Field(description="The topic's name; null where the caller may not see it.")
    number: Ordinal = Field(description="Its number.")
    title: Title = Field(description="Its title.")
    sub_measures: Count = Field(description="Number of its sub-measures that the report is about.")
    proposed: Count = Field(description="Those of them that are proposed.")
    agreed: Count = Field(description="Those that are agreed.")
    in_progress: Count = Field(description="Those in progress.")
    completed: Count = Field(description="Those completed.")
    suspended: Count = Field(description="Those suspended.")
    cancelled: Count = Field(description="Those cancelled.")
    late: Count = Field(description="Those that are late.")
    never_reported: Count = Field(description="Those without any accepted report, done or not.")
    unreported: Count = Field(description="Those that count as unreported.")
    contested: Count = Field(description="Those with an open objection that the caller may see.")
    mean_progress_percent: Annotated[float, Field(ge=0, le=100)] | None = Field(
        description="Mean of what is done of those whose progress is known, to one decimal; null when none is known."
    )


class ProgressReportFigures(ReportHead):
    """How far the goals are."""

    model_config = example(
        {
            "position": 37,
            "as_of": "2025-06-30",
            "items": [
                {
                    "goal_id": str(named_id("goals", "dresden-liga-2024", 2)),
                    "agreement_id": str(named_id("agreements", "dresden-liga-2024")),
                    "agreement_title": "Kooperationsvereinbarung Landeshauptstadt Dresden und Liga der freien "
                    "Wohlfahrtspflege Dresden",
                    "topic_id": str(named_id("topics", "dresden-liga-2024", "health")),
                    "topic_name": "Gesundheit und Prävention",
                    "number": 2,
                    "title": "Gesundheit und Prävention von Erkrankungen stärken",
                    "sub_measures": 3,
                    "proposed": 0,
                    "agreed": 2,
                    "in_progress": 1,
                    "completed": 0,
                    "suspended": 0,
                    "cancelled": 0,
                    "late": 0,
                    "never_reported": 2,
                    "unreported": 2,
                    "contested": 1,
                    "mean_progress_percent": 30.0,
                }
            ],
        }
    )

    items: list[GoalProgress] = Field(
        max_length=MOST_GROUPS, description="A row for each goal, in the order of numbers."
    )


class SubMeasureProgressFigures(ReportPage):
    """How far the sub-measures are."""

    model_config = example(
        {
            "position": 37,
            "as_of": "2025-06-30",
            "items": [
                {
                    "sub_measure_id": str(named_id("sub-measures", "dresden-liga-2024", 2, 3)),
                    "code": "2.3",
                    "title": "Stärkung der Suchtprävention",
                    "goal_id": str(named_id("goals", "dresden-liga-2024", 2)),
                    "goal_title": "Gesundheit und Prävention von Erkrankungen stärken",
                    "lead_partner_id": None,
                    "lead_partner_name": None,
                    "status": "in_progress",
                    "timeliness": "not_scheduled",
                    "progress_percent": 30,
                    "starts_on": "2024-09-01",
                    "ends_on": None,
                    "last_reported_on": "2025-02-28",
                    "is_unreported": False,
                    "open_objections": 1,
                }
            ],
            "next_cursor": None,
        }
    )

    items: list[SubMeasureProgress] = Field(
        max_length=MAX_LIMIT, description="A row for each sub-measure, in the order of codes."
    )


@kept
def sub_measure_rows(caller: Caller, wanted: SubMeasureProgressQuery, today: date) -> Report[SubMeasureProgress]:
    """A row for each sub-measure that is asked for."""
    source = progress_of(caller, wanted, today)
    c, conditions = source.c, []
    if wanted.status:
        conditions.append(any_of(c.status, wanted.status))
    if wanted.timeliness:
        conditions.append(any_of(c.timeliness, wanted.timeliness))
    if wanted.is_unreported is not None:
        conditions.append(c.is_unreported if wanted.is_unreported else not_(c.is_unreported))
    if wanted.progress_percent_from is not None:
        conditions.append(c.progress_percent >= wanted.progress_percent_from)
    if wanted.progress_percent_before is not None:
        conditions.append(c.progress_percent < wanted.progress_percent_before)
    if wanted.last_reported_on_from is not None:
        conditions.append(c.last_reported_on >= wanted.last_reported_on_from)
    if wanted.last_reported_on_before is not None:
        conditions.append(c.last_reported_on < wanted.last_reported_on_before)
    rows = select(source).where(*conditions).cte("sub_measures")
    return Report(
        "sub-measure-progress",
        Text("Fortschritt der Teilmaßnahmen", "Progress of the sub-measures"),
        SubMeasureProgress,
        rows,
        ("goal_number", "number", "sub_measure_id"),
    )


@kept
def goal_rows(caller: Caller, wanted: ProgressQuery, today: date) -> Report[GoalProgress]:
    """A row for each goal, with figures about the sub-measures that are asked for."""
    measures = progress_of(caller, wanted, today)
    c = measures.c
    grouped = (
        select(
            c.goal_id,
            func.count().label("sub_measures"),
            *(counted(c.status == status).label(status.value) for status in SubMeasureStatus),
            counted(c.timeliness == Timeliness.late).label("late"),
            counted(c.last_reported_on.is_(None)).label("never_reported"),
            counted(c.is_unreported).label("unreported"),
            counted(c.open_objections > 0).label("contested"),
            cast(func.round(cast(func.avg(c.progress_percent), Numeric(7, 4)), 1), Float).label(
                "mean_progress_percent"
            ),
        )
        .group_by(c.goal_id)
        .subquery()
    )
    figures = [
        (each if each.name == "mean_progress_percent" else func.coalesce(each, 0)).label(each.name)
        for each in grouped.c
        if each.name != "goal_id"
    ]
    rows = (
        select(
            GOAL.c.id.label("goal_id"),
            GOAL.c.agreement_id,
            name_of(Agreement, GOAL.c.agreement_id, caller).label("agreement_title"),
            GOAL.c.topic_id,
            name_of(Topic, GOAL.c.topic_id, caller).label("topic_name"),
            GOAL.c.number,
            GOAL.c.title,
            *figures,
        )
        .outerjoin(grouped, grouped.c.goal_id == GOAL.c.id)
        .where(visible(GOAL, caller), *of_goals(wanted))
        .cte("goals")
    )
    return Report(
        "progress", Text("Fortschritt der Ziele", "Progress of the goals"), GoalProgress, rows, ("number", "goal_id")
    )
