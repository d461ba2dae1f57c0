"""A calendar as programs subscribe to it (RFC 5545, RFC 7986)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from icalendar import Calendar, Event, Timezone

from app.calendar.entries import Setting
from app.language import Text

MEDIA_TYPE = "text/calendar; charset=utf-8"
PRODUCT = f"-//cooperation-register//{version('cooperation-register')}//DE"
NAME = Text("Termine der Kooperation", "Dates of the cooperation")
WITH_DEADLINES = Text("Termine und Fristen der Kooperation", "Dates and deadlines of the cooperation")
COLOUR = "steelblue"
EACH_HOUR = timedelta(hours=1)


def calendar_of(entries: Sequence[Event], setting: Setting, *, has_deadlines: bool, of: str | None = None) -> bytes:
    """The calendar with these entries; `of` is the partner whose own it is."""
    title = setting.said(WITH_DEADLINES if has_deadlines else NAME)
    name = title if of is None else f"{title} ({of})"
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for property in ("name", "x-wr-calname"):
        calendar.add(property, name)
    calendar.add("color", COLOUR)
    calendar.add("url", f"{setting.base}/v1/consultation-events")
    # RFC 7986 and what programs ask for that were there before it.
    calendar.add("refresh-interval", EACH_HOUR, {"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for each in (*zones_of(entries), *entries):
        calendar.add_component(each)
    return bytes(calendar.to_ical())


def zones_of(entries: Iterable[Any]) -> Iterable[Timezone]:
    """What says how the clocks go in the zones that entries name, for as long as they need it."""
    years: dict[str, list[int]] = {}
    for entry in entries:
        for name in ("dtstart", "dtend"):
            zone = entry[name].params.get("TZID") if name in entry else None
            if zone is not None:
                years.setdefault(str(zone), []).append(entry[name].dt.year)
    return [zone_of(zone, min(known), max(known)) for zone, known in sorted(years.items())]


@lru_cache(maxsize=100)
def zone_of(name: str, first: int, last: int) -> Timezone:
    """How the clocks go in a zone in these years, and in the one after."""
    return Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last + 2, 1, 1))
