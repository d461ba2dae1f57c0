"""Progress reports as a kind of resource; accepting one moves its sub-measure."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access.visibility import Visibility
from app.changes.log import Transaction
from app.http.problems import at
from app.language import Text
from app.progress_reports.models import (
    ProgressReport,
    ProgressReportCreate,
    ProgressReportPublic,
    ProgressReportUpdate,
)
from app.progress_reports.queries import conditions
from app.progress_reports.rules import BY_WHO_REPORTS, RIGHTS, check
from app.progress_reports.terms import TRANSITIONS, ReportState
from app.resources.kind import Kind, Write
from app.resources.parts import Freeze
from app.resources.writing import change, locked
from app.sub_measures.models import SubMeasure, SubMeasureUpdate
from app.sub_measures.resource import SUB_MEASURES
from app.sub_measures.rules import NEEDS_REASON

TOO_HIDDEN = Text(
    "Die Begründung für den Status einer öffentlichen Teilmaßnahme muss öffentlich sein.",
    "The reason for the status of a public sub-measure must be public.",
)
NO_DRAFT = Text(
    "Der Bericht ist kein Entwurf mehr: wer ihn lesen darf, sagt `visibility`.",
    "The report is no draft any more: who may read it is said by `visibility`.",
)
LATER = "visibility_once_submitted"


async def prepare(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note when a report was submitted, and refuse reasons that only partners may read for a public sub-measure."""
    for write in writes:
        settle_visibility(write)
        state = write.values["state"]
        if state is ReportState.submitted and write.changes("state"):
            write.values["submitted_at"] = session.now
        if state is ReportState.draft:
            write.values["submitted_at"] = None
        if state is ReportState.accepted and await hides_reason(session, write):
            write.errors.append(at("visibility", code="too_hidden", detail=TOO_HIDDEN))


def settle_visibility(write: Write[Any]) -> None:
    """Let a draft be for partners, and what is submitted for whom that was said of it: everyone, where nothing was."""
    values, is_draft = write.values, write.values["state"] is ReportState.draft
    later = values[LATER] or Visibility.public
    if write.is_new:
        values["visibility"] = values["visibility"] or (Visibility.partners if is_draft else later)
    elif write.before["state"] == ReportState.draft and not is_draft and not write.changes("visibility"):
        values["visibility"] = later
    if not is_draft and later != values["visibility"]:
        write.errors.append(at(LATER, code="not_a_draft", detail=NO_DRAFT))
    values[LATER] = later


async def hides_reason(session: Transaction, write: Write[Any]) -> bool:
    """Whether a public sub-measure would get a reason that only partners may read."""
    if write.values["status"] not in NEEDS_REASON or write.values["visibility"] is Visibility.public:
        return False
    wanted = select(col(SubMeasure.visibility)).where(col(SubMeasure.id) == write.values["sub_measure_id"])
    return (await session.execute(wanted)).scalar_one() is Visibility.public


async def move_measures(session: Transaction, writes: Sequence[Write[ProgressReport]]) -> None:
    """Give sub-measures what the reports propose that are accepted now."""
    for write in writes:
        if write.row is not None and write.values["state"] is ReportState.accepted and write.changes("state"):
            await move_measure(session, write.row)


async def move_measure(session: Transaction, report: ProgressReport) -> None:
    """Give a sub-measure what its accepted report proposes; raises TransitionNotAllowed where it cannot become that."""
    measure = await locked(session, SUB_MEASURES, report.sub_measure_id)
    proposed: dict[str, Any] = {}
    if report.progress_percent is not None:
        proposed["progress_percent"] = report.progress_percent
    if report.status is not None and report.status is not measure.status:
        proposed["status"] = report.status
        proposed["status_reason"] = report.summary if report.status in NEEDS_REASON else None
    await change(session, SUB_MEASURES, measure, SubMeasureUpdate.model_validate(proposed))


PROGRESS_REPORTS = Kind(
    path="progress-reports",
    table=ProgressReport,
    create=ProgressReportCreate,
    public=ProgressReportPublic,
    update=ProgressReportUpdate,
    conditions=conditions,
    belongs_by=("sub_measure_id",),
    named_by="summary",
    searched=("summary", "achievements", "obstacles", "next_steps"),
    owner="partner_id",
    rights=RIGHTS,
    # It has moved its sub-measure, and from then on it is a record.
    frozen=Freeze(col(ProgressReport.state) == ReportState.accepted),
    state="state",
    transitions=TRANSITIONS,
    first_states=BY_WHO_REPORTS,
    process=prepare,
    check=check,
    follow=move_measures,
)
