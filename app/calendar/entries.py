"""What stands in a calendar: events as the register holds them, and days on which something is due (RFC 5545, section 3.6.1).

Partners are named as organisations and nobody is an ATTENDEE: a copy of the calendar invites nobody and answers for nobody.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Event

from app.access.visibility import Visibility
from app.consultation_events.models import ConsultationEventPublic
from app.consultation_events.terms import AttendanceMode, EventStatus
from app.decisions.models import DecisionPublic
from app.decisions.terms import DecisionStatus
from app.language import Language, Text
from app.reports.duty import DueKind
from app.sub_measures.models import SubMeasurePublic
from app.sub_measures.terms import SubMeasureStatus

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


Shown = ConsultationEventPublic | DecisionPublic | SubMeasurePublic


class Setting(NamedTuple):
    """For whom a calendar is written: the language, and the address of the installation."""

    language: Language
    base: str

    def said(self, text: Text, **values: object) -> str:
        """A text in the language of the calendar."""
        return str(getattr(text.format(**values), self.language))


def event_of(event: ConsultationEventPublic, organiser: str | None, setting: Setting) -> Event:
    """A consultation event."""
    zone = ZoneInfo(event.timezone)
    entry = entry_of("consultation-events", event, str(event.id), setting)
    entry.add("status", EVENTS.get(event.status, CONFIRMED))
    entry.add("summary", event.title)
    entry.add("dtstart", local(event.starts_at, zone))
    if event.ends_at is not None:
        entry.add("dtend", local(event.ends_at, zone))
    entry.add("categories", [setting.said(term.label) for term in (event.format, event.level)])
    entry.add("description", "\n".join(described(event, organiser, setting)))
    is_online = event.attendance_mode is not AttendanceMode.in_person
    place = event.location or (event.online_url if is_online else None)
    if place is not None:
        entry.add("location", place)
    if event.online_url is not None:
        entry.add("conference", event.online_url, {"VALUE": "URI", "LABEL": setting.said(JOIN)})
    return entry


def described(event: ConsultationEventPublic, organiser: str | None, setting: Setting) -> Iterator[str]:
    """What people read of an event, line by line."""
    yield ", ".join(setting.said(term.label) for term in (event.status, event.attendance_mode))
    if event.status_reason:
        yield event.status_reason
    if organiser is not None:
        yield setting.said(ORGANISER, name=organiser)
    if event.description:
        yield from ("", event.description)
    if event.agenda_items:
        yield from ("", setting.said(AGENDA))
        yield from (f"{place}. {item.title}" for place, item in enumerate(event.agenda_items, start=1))


def statements_due(decision: DecisionPublic, setting: Setting) -> Iterator[Event]:
    """The day by which statements on a decision are asked for."""
    if decision.statements_due_on is not None:
        entry = day_of("decisions", decision, "statements", decision.statements_due_on, setting)
        entry.add("status", DECISIONS.get(decision.status, CONFIRMED))
        entry.add("summary", setting.said(STATEMENTS_DUE, title=decision.title))
        entry.add("categories", [setting.said(DueKind.statement.label)])
        if decision.description:
            entry.add("description", decision.description)
        yield entry


def milestones_due(measure: SubMeasurePublic, setting: Setting) -> Iterator[Event]:
    """The milestones of a sub-measure that have a day."""
    for place, milestone in enumerate(measure.milestones, start=1):
        if milestone.due_on is not None:
            entry = day_of("sub-measures", measure, f"milestone-{place}", milestone.due_on, setting)
            entry.add("status", MEASURES.get(measure.status, CONFIRMED))
            names = {"milestone": milestone.title, "code": measure.code, "title": measure.title}
            entry.add("summary", setting.said(MILESTONE, **names))
            entry.add("categories", [setting.said(DueKind.milestone.label)])
            if milestone.reached_on is not None:
                entry.add("description", setting.said(REACHED, day=milestone.reached_on))
            yield entry


def day_of(path: str, resource: Shown, part: str, day: date, setting: Setting) -> Event:
    """A whole day on which nobody is busy because of it."""
    entry = entry_of(path, resource, f"{resource.id}-{part}", setting)
    entry.add("dtstart", day)
    entry.add("transp", "TRANSPARENT")
    return entry


def entry_of(path: str, resource: Shown, uid: str, setting: Setting) -> Event:
    """What every entry says: which one it is, in which version, of when, and where it comes from.

    Nothing here is sent as a message, so DTSTAMP is the time of the last change (section 3.8.7.2).
    """
    entry = Event()
    entry.add("uid", uid)
    entry.add("sequence", resource.version - 1)
    entry.add("dtstamp", resource.updated_at)
    entry.add("last-modified", resource.updated_at)
    entry.add("created", resource.created_at)
    entry.add("url", f"{setting.base}/v1/{path}/{resource.id}")
    entry.add("class", "PUBLIC" if resource.visibility is Visibility.public else "CONFIDENTIAL")
    return entry


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment in the zone of its event.

    When clocks are set back an hour comes twice, and a local time means the first one (section 3.3.5): the second is said
    in UTC.
    """
    there = moment.astimezone(zone)
    return there.astimezone(UTC) if there.fold or zone.key == "UTC" else there
