"""What the register knows of progress reports: the declaration of the kind."""

from app.progress_reports.models import ProgressReport, ProgressReportCreate, ProgressReportPublic
from app.progress_reports.rules import check
from app.progress_reports.terms import TRANSITIONS
from app.resources.kind import Kind

PROGRESS_REPORTS = Kind(
    path="progress-reports",
    table=ProgressReport,
    create=ProgressReportCreate,
    public=ProgressReportPublic,
    named_by="summary",
    searched=("summary", "achievements", "obstacles", "next_steps"),
    owner="partner_id",
    check=check,
    transitions=TRANSITIONS,
    state="state",
)
