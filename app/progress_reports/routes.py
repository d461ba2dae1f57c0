"""`/v1/progress-reports`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.history import answer_history
from app.changes.schemas import ChangePage, ChangeQuery
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading, Running
from app.log.models import Receipt
from app.log.receipts import answer_receipt
from app.progress_reports.models import (
    ProgressReportCreate,
    ProgressReportList,
    ProgressReportPublic,
    ProgressReportUpdate,
)
from app.progress_reports.resource import PROGRESS_REPORTS
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/progress-reports", tags=["progress-reports"])


@router.get("", response_model=Page[ProgressReportPublic])
async def list_progress_reports(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[ProgressReportList, Query()]
) -> Response:
    """List progress reports, those of the latest periods first."""
    return await read_page(request, database, caller, PROGRESS_REPORTS, wanted)


@router.post("", status_code=201, response_model=ProgressReportPublic)
async def create_progress_report(session: ByContributor, once: Once, content: ProgressReportCreate) -> Response:
    """Report on a sub-measure, as a draft or submitted."""
    return await once.create(session, PROGRESS_REPORTS, content)


@router.get("/{id}", response_model=ProgressReportPublic)
async def get_progress_report(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one progress report."""
    return await read_one(database, caller, PROGRESS_REPORTS, id, preconditions)


@router.patch("/{id}", response_model=ProgressReportPublic, responses=conflicts("transition-not-allowed", "frozen"))
async def update_progress_report(
    session: ByContributor,
    id: Id,
    changes: ProgressReportUpdate,
    preconditions: Conditional,
) -> Response:
    """Change fields of a progress report, or take it a step further.

    A coordinator of the authority accepts it, or returns it with a reason. Accepting it gives the sub-measure the
    status and the progress that it proposes, in the same transaction; an accepted report is frozen. A status that
    proposes what the sub-measure cannot become is 409 `transition-not-allowed`.
    """
    row = await changeable(session, PROGRESS_REPORTS, id, preconditions)
    return written(await change(session, PROGRESS_REPORTS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_progress_report(session: ByContributor, id: Id, preconditions: Conditional) -> Response:
    """Delete a progress report that was neither accepted nor returned."""
    await remove(session, PROGRESS_REPORTS, await changeable(session, PROGRESS_REPORTS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_progress_report_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one progress report, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, PROGRESS_REPORTS.type, id, wanted)


@router.get("/{id}/receipt", response_model=Receipt)
async def get_progress_report_receipt(runtime: Running, caller: Anyone, id: Id) -> Response:
    """Get evidence of what the log says of one progress report, which can be kept and checked without the register."""
    return await answer_receipt(runtime, caller, PROGRESS_REPORTS.type, id)
