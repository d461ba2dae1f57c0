"""Writes of one participation, which leave the rest of the event alone."""

import json
from typing import Any
from uuid import UUID

from app.changes.log import Transaction
from app.consultation_events.models import ConsultationEvent, ParticipantPut
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.http.conditional import Preconditions
from app.http.errors import NotFound
from app.partners.resource import PARTNERS
from app.resources.changing import authorise_entry
from app.resources.writing import check_there, locked, rewrite


async def put_participant(
    session: Transaction, id: UUID, partner_id: UUID, content: ParticipantPut, preconditions: Preconditions
) -> ConsultationEvent:
    """Set how a partner takes part in an event; returns the event.

    Raises NotFound where the event or the partner is not there, Forbidden for other partners' participation, Invalid for
    more of them than an event holds.
    """
    event = await held(session, id, partner_id)
    await check_there(session, PARTNERS, partner_id)
    before = participants_of(event)
    said = content.model_dump(mode="json")
    is_there = any(each["partner_id"] == str(partner_id) for each in before)
    preconditions.check(event.version, is_there=is_there)
    after = [{**each, **said} if each["partner_id"] == str(partner_id) else each for each in before]
    return await with_participants(
        session, event, after if is_there else [*after, {**said, "partner_id": str(partner_id)}]
    )


async def delete_participant(session: Transaction, id: UUID, partner_id: UUID, preconditions: Preconditions) -> None:
    """Take a partner out of an event; raises NotFound for one that does not take part, and what putting raises."""
    event = await held(session, id, partner_id)
    participants = participants_of(event)
    after = [each for each in participants if each["partner_id"] != str(partner_id)]
    if after == participants:
        raise NotFound
    preconditions.require(event.version)
    await with_participants(session, event, after)


async def held(session: Transaction, id: UUID, partner_id: UUID) -> ConsultationEvent:
    """The event, locked, for a caller that may write the partner's participation."""
    await authorise_entry(session, CONSULTATION_EVENTS, id, "participants", partner_id)
    return await locked(session, CONSULTATION_EVENTS, id)


def participants_of(event: ConsultationEvent) -> list[dict[str, Any]]:
    """The participants of an event, in order."""
    participants: list[dict[str, Any]] = json.loads(event.representation)["participants"]
    return participants


async def with_participants(
    session: Transaction, event: ConsultationEvent, participants: list[dict[str, Any]]
) -> ConsultationEvent:
    """The event with these participants."""
    after = {**json.loads(event.representation), "participants": participants}
    return await rewrite(session, CONSULTATION_EVENTS, event, after)
