"""`/charts/....svg`: the figures of a report as a picture, served as an image; every number stands in the report's table."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pygal
from fastapi import APIRouter, Request
from pygal.etree import etree
from pygal.style import Style
from starlette.responses import Response

from app.http.errors import NotFound
from app.language import Language, Text
from app.reports.duty import DueKind
from app.site.frame import Look, drawn
from app.site.reports import REPORT_PAGES
from app.sub_measures.terms import SubMeasureStatus

router = APIRouter(include_in_schema=False)

# Okabe and Ito's colours, which people with any kind of colour vision tell apart, and which differ in print, too.
BLUE, ORANGE, GREEN, PURPLE, SKY, RED, GREY = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8a8a8a",
)
STYLE = partial(
    Style,
    background="transparent",
    plot_background="transparent",
    foreground="#1b1b1f",
    foreground_strong="#1b1b1f",
    foreground_subtle="#5a5a62",
    opacity="1",
    font_family="system-ui, sans-serif",
    label_font_size=14,
    legend_font_size=14,
    major_label_font_size=14,
    value_font_size=13,
    no_data_font_size=20,
    guide_stroke_color="#c9ccd3",
    major_guide_stroke_color="#9a9da6",
)
ROW_HEIGHT, FRAME_HEIGHT, LEGEND_HEIGHT, WIDTH = 34, 90, 24, 800
LONGEST_LABEL = 30
SCRIPT = "{*}script"
EMPTY = Text("noch keine Zahlen", "no figures yet")


class Bars(NamedTuple):
    """A chart of bars: a label for each, and in each part as many values as there are labels, with the colours of the parts."""

    labels: list[str]
    parts: list[tuple[str, list[float | None]]]
    colours: tuple[str, ...]


STATUS_COLOURS: Mapping[SubMeasureStatus, str] = {
    SubMeasureStatus.proposed: SKY,
    SubMeasureStatus.agreed: BLUE,
    SubMeasureStatus.in_progress: ORANGE,
    SubMeasureStatus.completed: GREEN,
    SubMeasureStatus.suspended: PURPLE,
    SubMeasureStatus.cancelled: GREY,
}


def of_progress(rows: Sequence[Any], language: Language) -> Bars:
    """The sub-measures of each goal by their status."""
    labels = [f"{row.number} {row.title}" for row in rows]
    parts = [(getattr(each.label, language), [getattr(row, each) for row in rows]) for each in SubMeasureStatus]
    return Bars(labels, parts, tuple(STATUS_COLOURS[each] for each in SubMeasureStatus))


INVOLVEMENT: Mapping[str, Text] = {
    "heard": Text("alle gehört", "all heard"),
    "partly_heard": Text("teilweise gehört", "partly heard"),
    "missed": Text("versäumt", "missed"),
    "open": Text("noch offen", "still open"),
    "waived": Text("nicht erforderlich", "not required"),
}
MEETINGS: Mapping[str, Text] = {
    "held": Text("durchgeführt", "held"),
    "expected": Text("geplant", "planned"),
    "off": Text("ausgefallen oder verschoben", "cancelled or postponed"),
}


def of_involvement(rows: Sequence[Any], language: Language) -> Bars:
    """The decisions of each half-year by whether the partners were heard."""
    halves = list(dict.fromkeys(row.half_year for row in rows))
    counts: dict[str, list[float | None]] = {
        name: [float(sum(getattr(row, name) for row in rows if row.half_year == half)) for half in halves]
        for name in INVOLVEMENT
    }
    parts = [(getattr(INVOLVEMENT[name], language), counts[name]) for name in counts]
    return Bars([half or "?" for half in halves], parts, (BLUE, ORANGE, RED, GREY, SKY))


def of_exchange(rows: Sequence[Any], language: Language) -> Bars:
    """The events of each quarter by whether they took place."""
    parts = [(getattr(text, language), [getattr(row, name) for row in rows]) for name, text in MEETINGS.items()]
    return Bars([row.group for row in rows], parts, (BLUE, SKY, GREY))


def of_indicators(rows: Sequence[Any], language: Language) -> Bars:
    """How far each indicator is on its way to the target, in percent."""
    title = Text("Weg zum Ziel in Prozent", "Way to the target in percent")
    parts = [(getattr(title, language), [row.achievement_percent for row in rows])]
    return Bars([row.name for row in rows], parts, (BLUE,))


def of_upcoming(rows: Sequence[Any], language: Language) -> Bars:
    """How much of each kind is overdue, and how much is due or to be done."""
    kinds = [kind for kind in DueKind if any(row.kind == kind for row in rows)]
    titles = (Text("überfällig", "overdue"), Text("fällig oder zu tun", "due or to do"))
    parts: list[tuple[str, list[float | None]]] = []
    for is_overdue, title in zip((True, False), titles, strict=True):
        counts = [float(sum(row.kind == kind and bool(row.is_overdue) is is_overdue for row in rows)) for kind in kinds]
        parts.append((getattr(title, language), [*counts]))
    return Bars([getattr(kind.label, language) for kind in kinds], parts, (RED, BLUE))


CHARTS: Mapping[str, Callable[[Sequence[Any], Language], Bars]] = {
    "progress": of_progress,
    "early-involvement": of_involvement,
    "exchange": of_exchange,
    "indicators": of_indicators,
    "upcoming": of_upcoming,
}


@router.get("/charts/{name}.svg")
async def show_chart(request: Request, name: str) -> Response:
    """The picture of a report."""
    if name not in CHARTS:
        raise NotFound

    def draw(look: Look) -> bytes:
        _, rows = REPORT_PAGES[name].read(look)
        return picture(CHARTS[name](rows, look.language), look.say(EMPTY))

    return await drawn(request, draw)


def picture(bars: Bars, empty: str) -> bytes:
    """A chart of horizontal bars, one below the other from the top, as SVG."""
    chart = pygal.HorizontalStackedBar(
        style=STYLE(colors=bars.colours),
        js=[],
        width=WIDTH,
        height=FRAME_HEIGHT + ROW_HEIGHT * max(len(bars.labels), 2) + LEGEND_HEIGHT * ((len(bars.parts) + 2) // 3),
        margin_bottom=LEGEND_HEIGHT,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        show_y_guides=True,
        truncate_legend=-1,
        no_data_text=empty,
        pretty_print=False,
        disable_xml_declaration=True,
        margin_right=20,
    )
    chart.uuid = "chart"
    # The library counts from the bottom up.
    chart.x_labels = [shortened(label) for label in bars.labels[::-1]]
    for name, values in bars.parts:
        chart.add(name, values[::-1])
    svg = chart.render_tree()
    # What the library's scripts would need to know; an image runs none.
    for parent in [*svg.iter()]:
        for script in parent.findall(SCRIPT):
            parent.remove(script)
    return bytes(etree.tostring(svg))


def shortened(label: str) -> str:
    """A label that leaves room for the bars."""
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
