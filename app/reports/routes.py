"""`/v1/reports`"""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.access.routing import Router
from app.reports.answers import InContext, answer_all, answer_page
from app.reports.early_involvement import EarlyInvolvementFigures, EarlyInvolvementQuery, half_year_rows
from app.reports.exchange import ExchangeFigures, exchange_rows
from app.reports.exchanged import ExchangeQuery
from app.reports.hearings import (
    DecisionInvolvementFigures,
    DecisionInvolvementQuery,
    PartnerInvolvementFigures,
    PartnerInvolvementQuery,
    decision_rows,
    partner_rows,
)
from app.reports.indicators import IndicatorFigures, IndicatorFiguresQuery, indicator_rows
from app.reports.progress import ProgressReportFigures, SubMeasureProgressFigures, goal_rows, sub_measure_rows
from app.reports.progressed import ProgressQuery, SubMeasureProgressQuery
from app.reports.report import ReportHead
from app.reports.tables import as_csv
from app.reports.upcoming import UpcomingFigures, UpcomingQuery, upcoming_rows

REPORTS: tuple[type[ReportHead], ...] = (
    ProgressReportFigures,
    SubMeasureProgressFigures,
    EarlyInvolvementFigures,
    DecisionInvolvementFigures,
    PartnerInvolvementFigures,
    IndicatorFigures,
    ExchangeFigures,
    UpcomingFigures,
)
"""What the reports answer."""

router = Router(prefix="/v1/reports", tags=["reports"])


@router.get("/progress", response_model=ProgressReportFigures, responses=as_csv(ProgressReportFigures))
async def report_progress(context: InContext, wanted: Annotated[ProgressQuery, Query()]) -> Response:
    """Count the sub-measures of each goal: by status, late, never reported, and their mean progress."""
    return await answer_all(context, goal_rows(context.caller, wanted, context.today))


@router.get(
    "/progress/sub-measures",
    response_model=SubMeasureProgressFigures,
    responses=as_csv(SubMeasureProgressFigures),
)
async def report_sub_measure_progress(
    context: InContext, wanted: Annotated[SubMeasureProgressQuery, Query()]
) -> Response:
    """List how far each sub-measure is, whether it is in time, and until when it was reported on."""
    return await answer_page(context, sub_measure_rows(context.caller, wanted, context.today), wanted)


@router.get("/early-involvement", response_model=EarlyInvolvementFigures, responses=as_csv(EarlyInvolvementFigures))
async def report_early_involvement(context: InContext, wanted: Annotated[EarlyInvolvementQuery, Query()]) -> Response:
    """Count, by kind and half-year, the decisions before which the partners were heard, all or some, and those that missed it."""
    return await answer_all(context, half_year_rows(context.caller, wanted))


@router.get(
    "/early-involvement/decisions",
    response_model=DecisionInvolvementFigures,
    responses=as_csv(DecisionInvolvementFigures),
)
async def report_decision_involvement(
    context: InContext, wanted: Annotated[DecisionInvolvementQuery, Query()]
) -> Response:
    """List the decisions with the involvement of the partners in each."""
    return await answer_page(context, decision_rows(context.caller, wanted), wanted)


@router.get(
    "/early-involvement/partners",
    response_model=PartnerInvolvementFigures,
    responses=as_csv(PartnerInvolvementFigures),
)
async def report_partner_involvement(
    context: InContext, wanted: Annotated[PartnerInvolvementQuery, Query()]
) -> Response:
    """List each asked partner of each decision, with when and how it was heard."""
    return await answer_page(context, partner_rows(context.caller, wanted), wanted)


@router.get("/indicators", response_model=IndicatorFigures, responses=as_csv(IndicatorFigures))
async def report_indicators(context: InContext, wanted: Annotated[IndicatorFiguresQuery, Query()]) -> Response:
    """List the latest value of each indicator, and how far it is between baseline and target."""
    return await answer_page(context, indicator_rows(context.caller, wanted), wanted)


@router.get("/exchange", response_model=ExchangeFigures, responses=as_csv(ExchangeFigures))
async def report_exchange(context: InContext, wanted: Annotated[ExchangeQuery, Query()]) -> Response:
    """Count the events by quarter, format, level or partner, and find the longest gap without one that was held."""
    return await answer_all(context, exchange_rows(context.caller, wanted, context.today))


@router.get("/upcoming", response_model=UpcomingFigures, responses=as_csv(UpcomingFigures))
async def report_upcoming(context: InContext, wanted: Annotated[UpcomingQuery, Query()]) -> Response:
    """List what waits for whom, on both sides and in one order of time: what is due, overdue, or to be done without a day."""
    return await answer_page(context, upcoming_rows(context.caller, wanted, context.today, context.zone), wanted)
