"""The vocabularies of consultation events, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class AttendanceMode(Term):
    """How one can attend."""

    in_person = (
        "in_person",
        "vor Ort",
        "in person",
        "Man kommt an den Ort des Termins.",
        "One comes to the place of the event.",
    )
    online = (
        "online",
        "online",
        "online",
        "Man nimmt über eine Adresse im Netz teil.",
        "One takes part at an address online.",
    )
    hybrid = (
        "hybrid",
        "vor Ort und online",
        "hybrid",
        "Man kommt an den Ort oder nimmt online teil.",
        "One comes to the place or takes part online.",
    )


class ParticipantRole(Term):
    """What a partner does at an event."""

    host = (
        "host",
        "Gastgeber",
        "host",
        "Der Partner lädt ein und stellt Ort oder Zugang.",
        "The partner invites, and gives the place or the access.",
    )
    moderator = (
        "moderator",
        "Moderation",
        "moderator",
        "Der Partner leitet das Gespräch.",
        "The partner chairs the talk.",
    )
    participant = (
        "participant",
        "Teilnehmer",
        "participant",
        "Der Partner ist eingeladen, mitzureden.",
        "The partner is invited to have its say.",
    )


class Attendance(Term):
    """Whether a partner attends."""

    invited = (
        "invited",
        "eingeladen",
        "invited",
        "Der Partner wurde eingeladen und hat noch nicht geantwortet.",
        "The partner was invited and has not answered yet.",
    )
    accepted = (
        "accepted",
        "zugesagt",
        "accepted",
        "Der Partner hat gesagt, dass er kommt.",
        "The partner has said that it comes.",
    )
    declined = (
        "declined",
        "abgesagt",
        "declined",
        "Der Partner hat gesagt, dass er nicht kommt.",
        "The partner has said that it does not come.",
    )
    attended = (
        "attended",
        "teilgenommen",
        "attended",
        "Der Partner war dabei; so zählt er als gehört.",
        "The partner was there, and so counts as heard.",
    )
    absent = (
        "absent",
        "nicht erschienen",
        "absent",
        "Der Partner war nicht dabei.",
        "The partner was not there.",
    )


class EventStatus(Term):
    """Whether an event takes place."""

    planned = (
        "planned",
        "geplant",
        "planned",
        "Der Termin steht in Aussicht; Zeit oder Ort können sich noch ändern.",
        "The event is in view; its time or place may still change.",
    )
    confirmed = (
        "confirmed",
        "bestätigt",
        "confirmed",
        "Der Termin findet zu dieser Zeit statt.",
        "The event takes place at this time.",
    )
    held = (
        "held",
        "durchgeführt",
        "held",
        "Der Termin hat stattgefunden.",
        "The event has taken place.",
    )
    postponed = (
        "postponed",
        "verschoben",
        "postponed",
        "Der Termin fällt zu dieser Zeit aus und wird neu angesetzt.",
        "The event does not take place at this time and gets a new one.",
    )
    cancelled = (
        "cancelled",
        "abgesagt",
        "cancelled",
        "Der Termin fällt aus und wird nicht nachgeholt.",
        "The event does not take place, now or later.",
    )


ANSWERS = frozenset({Attendance.accepted, Attendance.declined})
"""What a partner says to an invitation."""
AFTERWARDS = frozenset({Attendance.attended, Attendance.absent})
"""What nobody knows of a partner before an event."""
STAYING_AWAY = (Attendance.declined, Attendance.absent)
"""Who does not take part, though it stands in the list."""

ATTENDANCE_TRANSITIONS: Mapping[Attendance, frozenset[Attendance]] = {
    Attendance.invited: ANSWERS | AFTERWARDS,
    Attendance.accepted: frozenset({Attendance.declined}) | AFTERWARDS,
    Attendance.declined: frozenset({Attendance.accepted}) | AFTERWARDS,
    # Who organises can have miscounted. That somebody was invited or answered is not said any more by then: on the way back
    # what the partner had said would be gone.
    Attendance.attended: frozenset({Attendance.absent}),
    Attendance.absent: frozenset({Attendance.attended}),
}

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
