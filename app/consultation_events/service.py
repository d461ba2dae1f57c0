"""Writes of one participation, which leave the rest of the event alone."""

import json
from typing import Any
from uuid import UUID

from app.changes.log import Transaction
from app.consultation_events.models import ConsultationEvent, ParticipantPut
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.http.conditional import Preconditions
from app.http.problems import NotFound
from app.partners.resource import PARTNERS
from app.resources.changing import authorise_early, authorise_party
from app.resources.ownership import authorise_entry
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
    preconditions.check(event.version, is_there=any(each["partner_id"] == str(partner_id) for each in before))
    entry = {**content.model_dump(mode="json"), "partner_id": str(partner_id)}
    after = [entry if each["partner_id"] == str(partner_id) else each for each in before]
    return await with_participants(session, event, after if entry in after else [*after, entry])


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
    own = session.by.partner_id == partner_id
    await (authorise_party if own else authorise_early)(session, CONSULTATION_EVENTS, id)
    event = await locked(session, CONSULTATION_EVENTS, id)
    await authorise_entry(session, CONSULTATION_EVENTS, event, partner_id)
    return event


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
