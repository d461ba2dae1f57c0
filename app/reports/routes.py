"""`/v1/reports`"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.reports.early_involvement import (
    DecisionInvolvementFigures,
    DecisionInvolvementQuery,
    EarlyInvolvementFigures,
    EarlyInvolvementQuery,
    decision_rows,
    half_year_rows,
)
from app.reports.exchange import ExchangeFigures, ExchangeQuery, exchange_rows
from app.reports.indicators import IndicatorFigures, IndicatorFiguresQuery, indicator_rows
from app.reports.progress import (
    ProgressQuery,
    ProgressReportFigures,
    SubMeasureProgressFigures,
    SubMeasureProgressQuery,
    goal_rows,
    sub_measure_rows,
)
from app.reports.tables import Asked, Figures, answer_all, answer_page, as_csv
from app.reports.upcoming import UpcomingFigures, UpcomingQuery, upcoming_rows

FIGURES: tuple[type[Figures], ...] = (
    ProgressReportFigures,
    SubMeasureProgressFigures,
    EarlyInvolvementFigures,
    DecisionInvolvementFigures,
    IndicatorFigures,
    ExchangeFigures,
    UpcomingFigures,
)
"""What the reports answer."""

router = APIRouter(prefix="/v1/reports", tags=["reports"])


@router.get("/progress", response_model=ProgressReportFigures, responses={200: as_csv(ProgressReportFigures)})
async def report_progress(asked: Asked, wanted: Annotated[ProgressQuery, Query()]) -> Response:
    """Count the sub-measures of each goal: by status, late, never reported, and their mean progress."""
    return await answer_all(asked, goal_rows(asked.caller, wanted, asked.today))


@router.get(
    "/progress/sub-measures",
    response_model=SubMeasureProgressFigures,
    responses={200: as_csv(SubMeasureProgressFigures)},
)
async def report_sub_measure_progress(asked: Asked, wanted: Annotated[SubMeasureProgressQuery, Query()]) -> Response:
    """List how far each sub-measure is, whether it is in time, and until when it was reported on."""
    return await answer_page(asked, sub_measure_rows(asked.caller, wanted, asked.today), wanted)


@router.get(
    "/early-involvement", response_model=EarlyInvolvementFigures, responses={200: as_csv(EarlyInvolvementFigures)}
)
async def report_early_involvement(asked: Asked, wanted: Annotated[EarlyInvolvementQuery, Query()]) -> Response:
    """Count, by kind and half-year, the decisions before which the partners were heard in time, and those that missed it."""
    return await answer_all(asked, half_year_rows(asked.caller, wanted))


@router.get(
    "/early-involvement/decisions",
    response_model=DecisionInvolvementFigures,
    responses={200: as_csv(DecisionInvolvementFigures)},
)
async def report_decision_involvement(asked: Asked, wanted: Annotated[DecisionInvolvementQuery, Query()]) -> Response:
    """List the decisions with the involvement of the partners in each."""
    return await answer_page(asked, decision_rows(asked.caller, wanted), wanted)


@router.get("/indicators", response_model=IndicatorFigures, responses={200: as_csv(IndicatorFigures)})
async def report_indicators(asked: Asked, wanted: Annotated[IndicatorFiguresQuery, Query()]) -> Response:
    """List the latest value of each indicator, and how far it is between baseline and target."""
    return await answer_page(asked, indicator_rows(asked.caller, wanted), wanted)


@router.get("/exchange", response_model=ExchangeFigures, responses={200: as_csv(ExchangeFigures)})
async def report_exchange(asked: Asked, wanted: Annotated[ExchangeQuery, Query()]) -> Response:
    """Count the events by quarter, format, level or partner, and find the longest gap between those that were held."""
    return await answer_all(asked, exchange_rows(asked.caller, wanted))


@router.get("/upcoming", response_model=UpcomingFigures, responses={200: as_csv(UpcomingFigures)})
async def report_upcoming(asked: Asked, wanted: Annotated[UpcomingQuery, Query()]) -> Response:
    """List what is due in one order of time: events, statements, decisions, milestones, reports, observations."""
    return await answer_page(asked, upcoming_rows(asked.caller, wanted, asked.today), wanted)
