"""Which goals and sub-measures the report on progress is about, and how far each sub-measure is."""

from datetime import date
from typing import Annotated

from pydantic import Field
from sqlalchemy import (
    CTE,
    ColumnElement,
    exists,
    or_,
    select,
)

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.goals.models import Goal
from app.objections.queries import open_objections
from app.partners.models import Partner
from app.progress_reports.terms import ReportState
from app.reports.names import name_of
from app.reports.report import AgreementQuery, RowQuery
from app.reports.timeliness import UNREPORTED_MONTHS, Timeliness, is_unreported, last_reported_on, timeliness
from app.resources.lists import any_of
from app.schema.fields import Day, Id
from app.sub_measures.models import SubMeasure, SubMeasureSupporter
from app.sub_measures.terms import SubMeasureStatus

GOAL, MEASURE = table_of(Goal), table_of(SubMeasure)


class ProgressQuery(AgreementQuery):
    """Which sub-measures a report is about."""

    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that leads or supports.")
    period_from: Day | None = Field(default=None, description="Work goes on on this day or later.")
    period_before: Day | None = Field(default=None, description="Work began before this day.")
    unreported_months: Annotated[int, Field(ge=1, le=120)] = Field(
        default=UNREPORTED_MONTHS,
        description="Months without an accepted report after which a sub-measure counts as unreported.",
    )


class SubMeasureProgressQuery(ProgressQuery, RowQuery):
    """Which rows are asked for."""

    status: list[SubMeasureStatus] | None = Field(default=None, max_length=6, description="How far it is.")
    timeliness: list[Timeliness] | None = Field(default=None, max_length=4, description="Whether it is in time.")
    is_unreported: bool | None = Field(default=None, description="Whether it counts as unreported.")
    progress_percent_from: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None, description="At least so much is done."
    )
    progress_percent_before: Annotated[int, Field(ge=0, le=101)] | None = Field(
        default=None, description="Less than this is done."
    )
    last_reported_on_from: Day | None = Field(default=None, description="Reported up to this day or later.")
    last_reported_on_before: Day | None = Field(default=None, description="Reported up to a day before this one.")


def of_goals(wanted: ProgressQuery) -> list[ColumnElement[bool]]:
    """The conditions on goals."""
    asked = (
        (GOAL.c.agreement_id, wanted.agreement_id),
        (GOAL.c.topic_id, wanted.topic_id),
        (GOAL.c.id, wanted.goal_id),
    )
    return [any_of(column, ids) for column, ids in asked if ids]


def progress_of(caller: Caller, wanted: ProgressQuery, today: date) -> CTE:
    """The progress of every sub-measure that is asked for."""
    conditions = [visible(MEASURE, caller), visible(GOAL, caller), *of_goals(wanted)]
    if wanted.partner_id:
        supporter = table_of(SubMeasureSupporter)
        supports = exists().where(
            supporter.c.sub_measure_id == MEASURE.c.id, any_of(supporter.c.partner_id, wanted.partner_id)
        )
        conditions.append(or_(any_of(MEASURE.c.lead_partner_id, wanted.partner_id), supports))
    if wanted.period_from is not None:
        conditions.append(or_(MEASURE.c.ends_on.is_(None), MEASURE.c.ends_on >= wanted.period_from))
    if wanted.period_before is not None:
        conditions.append(or_(MEASURE.c.starts_on.is_(None), MEASURE.c.starts_on < wanted.period_before))
    return (
        select(
            MEASURE.c.id.label("sub_measure_id"),
            MEASURE.c.code,
            MEASURE.c.title,
            MEASURE.c.goal_id,
            GOAL.c.title.label("goal_title"),
            MEASURE.c.goal_number,
            MEASURE.c.number,
            MEASURE.c.lead_partner_id,
            name_of(Partner, MEASURE.c.lead_partner_id, caller).label("lead_partner_name"),
            MEASURE.c.status,
            MEASURE.c.progress_percent,
            MEASURE.c.starts_on,
            MEASURE.c.ends_on,
            last_reported_on(caller, ReportState.accepted).label("last_reported_on"),
            timeliness(today).label("timeliness"),
            is_unreported(caller, wanted.unreported_months, today).label("is_unreported"),
            open_objections(caller, MEASURE.c.id).label("open_objections"),
        )
        .join(GOAL, GOAL.c.id == MEASURE.c.goal_id)
        .where(*conditions)
        .cte("progress")
    )
