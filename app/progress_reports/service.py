"""Writes of progress reports; accepting one moves its sub-measure."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.access.errors import role_needed
from app.access.roles import Role
from app.access.visibility import Visibility
from app.http.problems import Invalid, at
from app.language import Text
from app.progress_reports.models import ProgressReport, ProgressReportCreate, ProgressReportUpdate
from app.progress_reports.resource import PROGRESS_REPORTS
from app.progress_reports.rules import BY_WHO_REPORTS
from app.progress_reports.terms import ReportState
from app.resources import writing
from app.resources.errors import Frozen
from app.resources.writing import locked
from app.sub_measures.models import SubMeasure, SubMeasureUpdate
from app.sub_measures.resource import SUB_MEASURES
from app.sub_measures.rules import NEEDS_REASON

FIRST_STATE = Text(
    "Ein neuer Bericht ist ein Entwurf oder eingereicht.", "A new report is a draft, or it is submitted."
)

TOO_HIDDEN = Text(
    "Die Begründung für den Status einer öffentlichen Teilmaßnahme muss öffentlich sein.",
    "The reason for the status of a public sub-measure must be public.",
)


async def create(
    session: AsyncSession,
    caller: Caller,
    content: ProgressReportCreate,
    id: UUID | None = None,
    *,
    submitted_at: datetime | None = None,
) -> ProgressReport:
    """Add a progress report; raises Invalid for one that is accepted or returned from the beginning.

    It is submitted now, unless a command knows when it was: `submitted_at` is nothing that callers of the API can say.
    """
    if content.state not in BY_WHO_REPORTS:
        raise Invalid(errors=[at("state", code="not_a_first_state", detail=FIRST_STATE)])
    is_submitted = content.state is ReportState.submitted
    computed = {"submitted_at": submitted_at or datetime.now(UTC) if is_submitted else None}
    return await writing.create(session, caller, PROGRESS_REPORTS, content, id=id, computed=computed)


async def update(
    session: AsyncSession,
    caller: Caller,
    row: ProgressReport,
    changes: ProgressReportUpdate,
    *,
    submitted_at: datetime | None = None,
) -> ProgressReport:
    """Change a progress report or take it a step further; `submitted_at` as for `create`.

    Raises Frozen for one that is accepted, Forbidden when a contributor accepts or returns, TransitionNotAllowed when the
    sub-measure cannot become what the report proposes.
    """
    if row.state is ReportState.accepted:
        raise Frozen
    was = row.state
    state = changes.model_dump().get("state", was)
    if state is not was and state not in BY_WHO_REPORTS and not caller.has(Role.coordinator):
        raise role_needed(Role.coordinator)
    computed: dict[str, Any] = {}
    if state is ReportState.submitted and was is not ReportState.submitted:
        computed["submitted_at"] = submitted_at or datetime.now(UTC)
    if state is ReportState.draft:
        computed["submitted_at"] = None
    if state is ReportState.accepted:
        await check_reason(session, row, changes)
    changed = await writing.change(session, caller, PROGRESS_REPORTS, row, changes, computed=computed)
    if state is ReportState.accepted:
        await move_measure(session, caller, changed)
    return changed


async def check_reason(session: AsyncSession, row: ProgressReport, changes: ProgressReportUpdate) -> None:
    """Refuse to give a public sub-measure a reason that only partners may read; raises Invalid."""
    after = {"status": row.status, "visibility": row.visibility, **changes.model_dump()}
    if after["status"] not in NEEDS_REASON or after["visibility"] is Visibility.public:
        return
    wanted = select(col(SubMeasure.visibility)).where(col(SubMeasure.id) == row.sub_measure_id)
    if (await session.execute(wanted)).scalar_one() is Visibility.public:
        raise Invalid(errors=[at("visibility", code="too_hidden", detail=TOO_HIDDEN)])


async def move_measure(session: AsyncSession, caller: Caller, report: ProgressReport) -> None:
    """Give the sub-measure what an accepted report proposes."""
    measure = await locked(session, caller, SUB_MEASURES, report.sub_measure_id)
    proposed: dict[str, Any] = {}
    if report.progress_percent is not None:
        proposed["progress_percent"] = report.progress_percent
    if report.status is not None and report.status is not measure.status:
        proposed["status"] = report.status
        proposed["status_reason"] = report.summary if report.status in NEEDS_REASON else None
    await writing.change(
        session,
        caller,
        SUB_MEASURES,
        measure,
        SubMeasureUpdate.model_validate(proposed),
        computed={"goal_number": measure.goal_number, "code": measure.code},
    )


async def remove(session: AsyncSession, row: ProgressReport) -> None:
    """Delete a progress report; raises Frozen for one that is accepted."""
    if row.state is ReportState.accepted:
        raise Frozen
    await writing.remove(session, PROGRESS_REPORTS, row)
