"""`/reports/...`: each report as a picture, a table and files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from app.access.caller import Caller
from app.language import Text
from app.reports.early_involvement import EarlyInvolvementQuery, half_year_rows
from app.reports.exchange import exchange_rows
from app.reports.exchanged import ExchangeQuery
from app.reports.indicators import IndicatorFiguresQuery, indicator_rows
from app.reports.progress import goal_rows
from app.reports.progressed import ProgressQuery
from app.reports.report import Report
from app.reports.upcoming import UpcomingQuery, upcoming_rows
from app.site.asking import asked_as, filters_in
from app.site.frame import Content, Look, answer
from app.site.names import names_of
from app.site.showing import Showing, ids_in

MOST_ROWS = 200

router = APIRouter(include_in_schema=False)

Rows = Callable[[Caller, Any, date, ZoneInfo], Report[Any]]


@dataclass(frozen=True)
class ReportPage:
    """The page of a report: its title, how it is computed in a sentence, and what it is made of.

    `unshown` are columns that say the same as others to people.
    """

    name: str
    title: Text
    about: Text
    query: type[BaseModel]
    rows: Rows
    unshown: frozenset[str] = frozenset()

    def show(self, look: Look) -> Content:
        """What its page shows."""
        report, found = self.read(look)
        said = [report.entry.model_validate(row, from_attributes=True).model_dump(mode="json") for row in found]
        shown = said[:MOST_ROWS]
        showing = Showing(look, names_of(look, set(ids_in(shown))))
        columns = [name for name in report.entry.model_fields if name not in self.unshown]
        return {
            "title": look.say(self.title),
            "about": look.say(self.about),
            "current": f"/reports/{self.name}",
            "narrowed": [*names_of(look, set(ids_in(filters_in(look)))).values()],
            "reports": links(look),
            "chart": chart_of(look, self.name, **filters_in(look)),
            "columns": [look.label(name) for name in columns],
            "rows": [cells(showing, report.entry, columns, each) for each in shown],
            "cut": MOST_ROWS if len(said) > MOST_ROWS else None,
            "downloads": files_of(look, self.name),
            "programs": look.file(f"/v1/reports/{self.name}", **filters_in(look)),
        }

    def read(self, look: Look) -> tuple[Report[Any], list[Any]]:
        """The report and its rows, one more than are shown."""
        report = self.rows(look.caller, asked_as(look, self.query), look.today, look.settings.zone)
        return report, report.read(look.connection, MOST_ROWS + 1, None)[1]


def cells(showing: Showing, entry: type[BaseModel], columns: list[str], said: Mapping[str, Any]) -> list[Any]:
    """A row of the table."""
    return [showing.value(entry.model_fields[name].annotation, said[name], name) for name in columns]


REPORT_PAGES: Mapping[str, ReportPage] = {
    page.name: page
    for page in (
        ReportPage(
            "progress",
            Text("Fortschritt der Ziele", "Progress of the goals"),
            Text(
                "Gezählt sind die Teilmaßnahmen jedes Ziels nach ihrem Stand, wie die Partner ihn angeben. Verspätet ist, "
                "was nicht fertig ist, obwohl sein letzter Tag oder der eines Meilensteins vorbei ist.",
                "The sub-measures of each goal are counted by their status, as the partners say. Late is what is not done "
                "although its last day, or that of a milestone, has passed.",
            ),
            ProgressQuery,
            lambda caller, wanted, today, _zone: goal_rows(caller, wanted, today),
            frozenset({"agreement_id", "agreement_title", "topic_id", "title", "number"}),
        ),
        ReportPage(
            "early-involvement",
            Text("Frühzeitige Beteiligung", "Early involvement"),
            Text(
                "Ein Partner ist gehört, wenn er vor dem Tag der Entscheidung an einem zugehörigen Termin teilgenommen oder "
                "eine Stellungnahme abgegeben hat. Gehört ist eine Entscheidung, wenn es alle Gefragten sind; versäumt, wenn "
                "sie fiel, ohne dass jemand gehört war.",
                "A partner is heard when it attended an event about the decision, or gave a statement, before the day of the "
                "decision. A decision is heard when all who were asked are; missed when it was made with nobody heard.",
            ),
            EarlyInvolvementQuery,
            lambda caller, wanted, _today, _zone: half_year_rows(caller, wanted),
        ),
        ReportPage(
            "exchange",
            Text("Austausch", "Exchange"),
            Text(
                "Gezählt sind die Beteiligungstermine jedes Quartals, in dem sie beginnen, und die längste Zeit ohne einen, "
                "der durchgeführt wurde.",
                "The consultation events are counted by the quarter in which they start, with the longest time without one "
                "that was held.",
            ),
            ExchangeQuery,
            lambda caller, wanted, today, _zone: exchange_rows(caller, wanted, today),
            frozenset({"name"}),
        ),
        ReportPage(
            "indicators",
            Text("Kennzahlen", "Indicators"),
            Text(
                "Zu jeder Kennzahl steht ihr letzter Wert und wie viel des Weges vom Ausgangswert zum Zielwert er zurückgelegt "
                "hat.",
                "Each indicator has its latest value, and how much of the way from baseline to target it has gone.",
            ),
            IndicatorFiguresQuery,
            lambda caller, wanted, _today, _zone: indicator_rows(caller, wanted),
            frozenset({"indicator_id", "goal_title", "sub_measure_title"}),
        ),
        ReportPage(
            "upcoming",
            Text("Was ansteht", "What is due"),
            Text(
                "Alles, worauf jemand wartet, auf beiden Seiten: was in den nächsten 30 Tagen fällig ist, was überfällig ist, "
                "und was ohne Tag zu tun bleibt.",
                "All that somebody waits for, on both sides: what is due within 30 days, what is overdue, and what is to be "
                "done without a day.",
            ),
            UpcomingQuery,
            upcoming_rows,
            frozenset({"resource_type", "partner_name", "waiting_partner_name", "starts_at", "title"}),
        ),
    )
}


def files_of(look: Look, name: str) -> list[tuple[str, str]]:
    """The files of a report, with the names of their forms."""
    forms = (("Excel", ".xlsx"), ("CSV", ".csv"), ("JSON", ""))
    return [(form, look.file(f"/v1/reports/{name}{suffix}", **filters_in(look))) for form, suffix in forms]


def chart_of(look: Look, name: str, **filters: Any) -> str:
    """The address of the picture of a report."""
    return look.link(f"/charts/{name}.svg", **filters, language=look.language)


def links(look: Look, filter: str | None = None, value: str | None = None) -> list[tuple[str, str]]:
    """The addresses of all reports with their titles, or of those that have a filter, with a value for that."""
    asked = {} if filter is None else {filter: value}
    pages = [page for page in REPORT_PAGES.values() if asked.keys() <= page.query.model_fields.keys()]
    return [(look.say(page.title), look.link(f"/reports/{page.name}", **asked)) for page in pages]


def page_of(report: ReportPage) -> None:
    """Give a report its address."""

    async def show_report(request: Request) -> Response:
        return await answer(request, "report.html", report.show)

    router.add_api_route(f"/reports/{report.name}", show_report, name=f"show_report_{report.name}")


for each in REPORT_PAGES.values():
    page_of(each)
