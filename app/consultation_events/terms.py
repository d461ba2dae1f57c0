"""The vocabularies of consultation events, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class AttendanceMode(Term):
    """How one can attend."""

    in_person = "in_person", "vor Ort", "in person"
    online = "online", "online", "online"
    hybrid = "hybrid", "vor Ort und online", "hybrid"


class ParticipantRole(Term):
    """What a partner does at an event."""

    host = "host", "Gastgeber", "host"
    moderator = "moderator", "Moderation", "moderator"
    participant = "participant", "Teilnehmer", "participant"


class Attendance(Term):
    """Whether a partner attends."""

    invited = "invited", "eingeladen", "invited"
    accepted = "accepted", "zugesagt", "accepted"
    declined = "declined", "abgesagt", "declined"
    attended = "attended", "teilgenommen", "attended"
    absent = "absent", "nicht erschienen", "absent"


class EventStatus(Term):
    """Whether an event takes place."""

    planned = "planned", "geplant", "planned"
    confirmed = "confirmed", "bestätigt", "confirmed"
    held = "held", "durchgeführt", "held"
    postponed = "postponed", "verschoben", "postponed"
    cancelled = "cancelled", "abgesagt", "cancelled"


TRANSITIONS: Mapping[EventStatus, frozenset[EventStatus]] = {
    EventStatus.planned: frozenset(
        {EventStatus.confirmed, EventStatus.held, EventStatus.postponed, EventStatus.cancelled}
    ),
    EventStatus.confirmed: frozenset({EventStatus.held, EventStatus.postponed, EventStatus.cancelled}),
    EventStatus.postponed: frozenset({EventStatus.planned, EventStatus.confirmed, EventStatus.cancelled}),
    # What was held was held, and who saw a cancellation in the calendar does not look again.
    EventStatus.held: frozenset(),
    EventStatus.cancelled: frozenset(),
}
