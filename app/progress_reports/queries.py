"""What lists of progress reports are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.progress_reports.models import ProgressReport, ProgressReportList
from app.resources.lists import matching
from app.resources.scope import about_goals


def filters(wanted: ProgressReportList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of progress reports."""
    return matching(
        ProgressReport,
        wanted,
        caller,
        {"topic_id": lambda ids: about_goals(ProgressReport, caller, col(Goal.topic_id).in_(ids))},
    )
