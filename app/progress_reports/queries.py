"""What lists of progress reports are asked for."""

from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.progress_reports.models import ProgressReport, ProgressReportList
from app.resources.kind import Conditions
from app.resources.scope import about_goals


def conditions(_wanted: ProgressReportList, caller: Caller) -> Conditions:
    """Those of filters of progress reports that look into other tables."""
    return {"topic_id": lambda ids: about_goals(ProgressReport, caller, col(Goal.topic_id).in_(ids))}
