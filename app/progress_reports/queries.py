"""What lists of progress reports are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.progress_reports.models import ProgressReport, ProgressReportList
from app.resources.lists import any_of, matching
from app.sub_measures.queries import about_goals


def filters(wanted: ProgressReportList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of progress reports."""
    return matching(
        ProgressReport,
        wanted,
        {
            "agreement_id": lambda ids: of_goals(caller, col(Goal.agreement_id).in_(ids)),
            "topic_id": lambda ids: of_goals(caller, col(Goal.topic_id).in_(ids)),
            "goal_id": lambda ids: of_goals(caller, any_of(col(Goal.id), ids)),
        },
    )


def of_goals(caller: Caller, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The reports about sub-measures of goals that meet a condition."""
    return about_goals(ProgressReport, caller, condition, sub_measures=[ProgressReport.sub_measure_id])
