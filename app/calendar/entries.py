"""What stands in a calendar: events as the register holds them, and days on which something is due (RFC 5545, section 3.6.1).

Partners are named as organisations and nobody is an ATTENDEE: a copy of the calendar invites nobody and answers for nobody.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Event

from app.access.visibility import Visibility
from app.consultation_events.terms import AttendanceMode, EventStatus
from app.decisions.terms import DecisionStatus
from app.language import Language, Text
from app.reports.duty import DueKind
from app.sub_measures.terms import SubMeasureStatus
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level

CONFIRMED, TENTATIVE, CANCELLED = "CONFIRMED", "TENTATIVE", "CANCELLED"
EVENTS = {
    EventStatus.planned: TENTATIVE,
    # Nobody is to come at this time; planned anew, it comes back with its new time and a higher SEQUENCE.
    EventStatus.postponed: CANCELLED,
    EventStatus.cancelled: CANCELLED,
}
DECISIONS = {
    DecisionStatus.withdrawn: CANCELLED,
    DecisionStatus.refused: CANCELLED,
    DecisionStatus.reported: TENTATIVE,
}
MEASURES = {
    SubMeasureStatus.proposed: TENTATIVE,
    SubMeasureStatus.suspended: TENTATIVE,
    SubMeasureStatus.cancelled: CANCELLED,
}
"""What a status is in a calendar, where it is not that something takes place."""

STATEMENTS_DUE = Text("Stellungnahme bis heute: {title}", "Statement due: {title}")
MILESTONE = Text("Meilenstein: {milestone} ({code} {title})", "Milestone: {milestone} ({code} {title})")
REACHED = Text("Erreicht am {day}.", "Reached on {day}.")
ORGANISER = Text("Es lädt ein: {name}", "Organised by {name}")
AGENDA = Text("Tagesordnung:", "Agenda:")
JOIN = Text("Online teilnehmen", "Join online")


class Setting(NamedTuple):
    """For whom a calendar is written: the language, and the address of the installation."""

    language: Language
    base: str

    def said(self, text: Text, **values: object) -> str:
        """A text in the language of the calendar."""
        return str(getattr(text.format(**values), self.language))


def event_of(content: Mapping[str, Any], organiser: str | None, setting: Setting) -> Event:
    """A consultation event."""
    status, zone = EventStatus(content["status"]), ZoneInfo(content["timezone"])
    entry = entry_of("consultation-events", content, content["id"], setting)
    entry.add("status", EVENTS.get(status, CONFIRMED))
    entry.add("summary", content["title"])
    entry.add("dtstart", local(content["starts_at"], zone))
    if content["ends_at"] is not None:
        entry.add("dtend", local(content["ends_at"], zone))
    labels = [EventFormat(content["format"]).label, Level(content["level"]).label]
    entry.add("categories", [setting.said(label) for label in labels])
    entry.add("description", "\n".join(described(content, organiser, setting)))
    place = content["location"] or (content["online_url"] if is_online(content) else None)
    if place is not None:
        entry.add("location", place)
    if content["online_url"] is not None:
        entry.add("conference", content["online_url"], {"VALUE": "URI", "LABEL": setting.said(JOIN)})
    return entry


def is_online(content: Mapping[str, Any]) -> bool:
    """Whether one can attend from elsewhere."""
    return content["attendance_mode"] != AttendanceMode.in_person


def described(content: Mapping[str, Any], organiser: str | None, setting: Setting) -> Iterator[str]:
    """What people read of an event, line by line."""
    labels = [EventStatus(content["status"]).label, AttendanceMode(content["attendance_mode"]).label]
    yield ", ".join(setting.said(label) for label in labels)
    if content["status_reason"]:
        yield content["status_reason"]
    if organiser is not None:
        yield setting.said(ORGANISER, name=organiser)
    if content["description"]:
        yield from ("", content["description"])
    if content["agenda_items"]:
        yield from ("", setting.said(AGENDA))
        yield from (f"{place}. {item['title']}" for place, item in enumerate(content["agenda_items"], start=1))


def statements_due(content: Mapping[str, Any], setting: Setting) -> Iterator[Event]:
    """The day by which statements on a decision are asked for."""
    entry = day_of("decisions", content, "statements", content["statements_due_on"], setting)
    entry.add("status", DECISIONS.get(DecisionStatus(content["status"]), CONFIRMED))
    entry.add("summary", setting.said(STATEMENTS_DUE, title=content["title"]))
    entry.add("categories", [setting.said(DueKind.statement.label)])
    if content["description"]:
        entry.add("description", content["description"])
    yield entry


def milestones_due(content: Mapping[str, Any], setting: Setting) -> Iterator[Event]:
    """The milestones of a sub-measure that have a day."""
    for place, milestone in enumerate(content["milestones"], start=1):
        if milestone["due_on"] is None:
            continue
        entry = day_of("sub-measures", content, f"milestone-{place}", milestone["due_on"], setting)
        entry.add("status", MEASURES.get(SubMeasureStatus(content["status"]), CONFIRMED))
        names = {"milestone": milestone["title"], "code": content["code"], "title": content["title"]}
        entry.add("summary", setting.said(MILESTONE, **names))
        entry.add("categories", [setting.said(DueKind.milestone.label)])
        if milestone["reached_on"] is not None:
            entry.add("description", setting.said(REACHED, day=milestone["reached_on"]))
        yield entry


def day_of(path: str, content: Mapping[str, Any], part: str, day: str, setting: Setting) -> Event:
    """A whole day on which nobody is busy because of it."""
    entry = entry_of(path, content, f"{content['id']}-{part}", setting)
    entry.add("dtstart", date.fromisoformat(day))
    entry.add("transp", "TRANSPARENT")
    return entry


def entry_of(path: str, content: Mapping[str, Any], uid: str, setting: Setting) -> Event:
    """What every entry says: which one it is, in which version, of when, and where it comes from.

    Nothing here is sent as a message, so DTSTAMP is the time of the last change (section 3.8.7.2).
    """
    entry = Event()
    entry.add("uid", uid)
    entry.add("sequence", content["version"] - 1)
    changed = datetime.fromisoformat(content["updated_at"])
    entry.add("dtstamp", changed)
    entry.add("last-modified", changed)
    entry.add("created", datetime.fromisoformat(content["created_at"]))
    entry.add("url", f"{setting.base}/v1/{path}/{content['id']}")
    entry.add("class", "PUBLIC" if content["visibility"] == Visibility.public else "CONFIDENTIAL")
    return entry


def local(moment: str, zone: ZoneInfo) -> datetime:
    """A moment in the zone of its event.

    When clocks are set back an hour comes twice, and a local time means the first one (section 3.3.5): the second is said
    in UTC.
    """
    there = datetime.fromisoformat(moment).astimezone(zone)
    return there.astimezone(UTC) if there.fold or zone.key == "UTC" else there
