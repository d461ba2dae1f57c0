"""`/v1/reports/<report>.csv` and `.xlsx`: reports as files that a link in a letter can lead to."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple

from fastapi import Path, Query
from starlette.responses import Response

from app.access.routing import Router
from app.reports.answers import Context, InContext, answer_file
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
from app.reports.report import Report, ReportHead
from app.reports.tables import as_files
from app.reports.upcoming import UpcomingFigures, UpcomingQuery, upcoming_rows
from app.schema.base import Schema
from app.sheets.choice import REPORT_SUFFIX, ReportSuffix, chosen, of_list, told, whole


class Download(NamedTuple):
    """A report that is there as a file: its address, what it answers and can be asked for, and its rows."""

    path: str
    figures: type[ReportHead]
    query: type[Schema]
    rows: Callable[[Context, Any], Report[Any]]


DOWNLOADS = (
    Download(
        "progress",
        ProgressReportFigures,
        ProgressQuery,
        lambda context, wanted: goal_rows(context.caller, wanted, context.today),
    ),
    Download(
        "progress/sub-measures",
        SubMeasureProgressFigures,
        SubMeasureProgressQuery,
        lambda context, wanted: sub_measure_rows(context.caller, wanted, context.today),
    ),
    Download(
        "early-involvement",
        EarlyInvolvementFigures,
        EarlyInvolvementQuery,
        lambda context, wanted: half_year_rows(context.caller, wanted),
    ),
    Download(
        "early-involvement/decisions",
        DecisionInvolvementFigures,
        DecisionInvolvementQuery,
        lambda context, wanted: decision_rows(context.caller, wanted),
    ),
    Download(
        "early-involvement/partners",
        PartnerInvolvementFigures,
        PartnerInvolvementQuery,
        lambda context, wanted: partner_rows(context.caller, wanted),
    ),
    Download(
        "indicators",
        IndicatorFigures,
        IndicatorFiguresQuery,
        lambda context, wanted: indicator_rows(context.caller, wanted),
    ),
    Download(
        "exchange",
        ExchangeFigures,
        ExchangeQuery,
        lambda context, wanted: exchange_rows(context.caller, wanted, context.today),
    ),
    Download(
        "upcoming",
        UpcomingFigures,
        UpcomingQuery,
        lambda context, wanted: upcoming_rows(context.caller, wanted, context.today, context.zone),
    ),
)

router = Router(prefix="/v1/reports", tags=["reports"])


def download_of(download: Download) -> Callable[..., Awaitable[Response]]:
    """The operation that answers a report as a file."""

    async def answer(context: InContext, suffix: ReportSuffix, wanted: Any) -> Response:
        form, asked = chosen(suffix, wanted, context.request.headers), of_list(download.query, wanted)
        selected = told(wanted, form.language) if form.language else {}
        return await answer_file(context, download.rows(context, asked), form, selected)

    query = whole(download.query, download.query.__name__.replace("Query", "FileQuery"))
    answer.__annotations__ |= {
        "suffix": Annotated[ReportSuffix, Path(description=REPORT_SUFFIX, examples=["csv"])],
        "wanted": Annotated[query, Query()],
    }
    return answer


for each in DOWNLOADS:
    router.add_api_route(
        f"/{each.path}.{{suffix}}",
        download_of(each),
        name=f"download_{each.path}".replace("/", "_").replace("-", "_"),
        description=f"Download all rows of the report `{each.path}` as a file: `.csv` or `.xlsx`.",
        responses=as_files(each.figures),
        response_class=Response,
    )
