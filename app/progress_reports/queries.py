"""What lists of progress reports are asked for."""

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.access.caller import Caller
from app.access.visibility import visible
from app.database import table_of
from app.goals.models import Goal
from app.progress_reports.models import ProgressReport, ProgressReportList
from app.resources.lists import any_of, matching
from app.sub_measures.models import SubMeasure


def filters(wanted: ProgressReportList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of progress reports."""
    goals = table_of(Goal)
    return matching(
        ProgressReport,
        wanted,
        {
            "agreement_id": lambda ids: of_goals(caller, goals.c.agreement_id.in_(ids)),
            "topic_id": lambda ids: of_goals(caller, goals.c.topic_id.in_(ids)),
            "goal_id": lambda ids: of_goals(caller, any_of(goals.c.id, ids)),
        },
    )


def of_goals(caller: Caller, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The reports about sub-measures of these goals, as far as the caller sees those."""
    goals, measures = table_of(Goal), table_of(SubMeasure)
    wanted = select(goals.c.id).where(condition, visible(goals, caller))
    its_measures = select(measures.c.id).where(measures.c.goal_id.in_(wanted), visible(measures, caller))
    return col(ProgressReport.sub_measure_id).in_(its_measures)
