"""What must hold between the fields of consultation events, and what can follow what."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.access.voices import Voice
from app.consultation_events.models import ConsultationEventCreate
from app.consultation_events.terms import AFTERWARDS, ANSWERS, STAYING_AWAY, EventStatus
from app.http.problems import FieldError
from app.resources.kind import FieldPath
from app.resources.rules import in_order, with_reason
from app.resources.words import BY_OWNER_TOO, Rights, Words

NEEDS_REASON = frozenset({EventStatus.postponed, EventStatus.cancelled})

RIGHTS = Rights(
    BY_OWNER_TOO.by,
    # Who organises says who was there: nobody becomes the organiser of what another one organises.
    (Words(frozenset({Voice.partner}), ("organiser_id",), at_first=frozenset({Voice.coordinator})),),
)
PARTICIPATION = Rights(
    frozenset({Voice.organiser}),
    (
        # What it answered is not undone by inviting it again: only that it came or did not can follow.
        Words(frozenset({Voice.partner}), ("delegates",), states=ANSWERS, yielding_to=ANSWERS | AFTERWARDS),
        # Who was not invited may say that it comes.
        Words(frozenset({Voice.partner, Voice.organiser}), ("partner_id",)),
    ),
)
"""A partner says whether it comes, the organiser whom it invites, who does what, and who was there."""


def derived(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The day on which an event starts where it takes place: reports count days, not moments."""
    return {"starts_on": values["starts_at"].astimezone(ZoneInfo(values["timezone"])).date()}


def tallied_by(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """By whom an event is counted: who organises it or takes part."""
    taking_part = [each["partner_id"] for each in values["participants"] if each["attendance"] not in STAYING_AWAY]
    for id in (values["organiser_id"], *taking_part):
        if id is not None:
            yield "partner_id", UUID(str(id)).hex


def check(event: ConsultationEventCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of an event."""
    yield from in_order("ends_at", event.starts_at, event.ends_at, may_be_equal=False)
    yield from with_reason(event.status, event.status_reason, NEEDS_REASON)


def happened(event: ConsultationEventCreate) -> Iterator[tuple[FieldPath, datetime]]:
    """When it was held, and when partners were there or not."""
    if event.status is EventStatus.held:
        yield ("status",), event.starts_at
    for position, participant in enumerate(event.participants):
        if participant.attendance in AFTERWARDS:
            yield ("participants", position, "attendance"), event.starts_at
