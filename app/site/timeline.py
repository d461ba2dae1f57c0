"""The history of a resource in words: who changed what, and when."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from app.changes.feed import CHANGE, Wanted, entries
from app.changes.models import Action
from app.site.frame import Look
from app.site.names import Named, names_of

MOST_ENTRIES = 30


class Entry(NamedTuple):
    """One change in words: when, what was done, by whom, in which fields, and the proposal that it followed."""

    at: str
    action: str
    by: Named | None
    fields: list[str]
    proposal: Named | None


def entry(look: Look, names: Mapping[UUID, Named], row: Row[Any]) -> Entry:
    """One change in words."""
    fields = [] if row.action in (Action.created, Action.deleted) else row.changed_fields
    return Entry(
        look.moment(row.at),
        look.say(row.action.label),
        names.get(row.by_partner_id),
        [look.label(name) for name in fields],
        names.get(row.proposal_id),
    )


def history(look: Look, id: UUID) -> list[Entry]:
    """What happened to a resource, the latest first."""
    statement = entries(look.caller, Wanted(resource_id=id)).order_by(CHANGE.position.desc()).limit(MOST_ENTRIES)
    found = look.connection.execute(statement).all()
    names = names_of(look, {id for row in found for id in (row.by_partner_id, row.proposal_id) if id})
    return [entry(look, names, row) for row in found]
