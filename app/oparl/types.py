"""The types of OParl's objects, and of which kind of resource each is made."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, cast, exists

from app.agreements.resource import AGREEMENTS
from app.catalogue import FEATURES, Feature
from app.consultation_events.models import EventAgendaItem
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.database.tables import table_of
from app.decisions.resource import DECISIONS
from app.oparl.objects import (
    IN_WRITING,
    Object,
    Source,
    World,
    agenda_items,
    bodies,
    consultations,
    file_key,
    files,
    legislative_terms,
    locations,
    meetings,
    organizations,
    papers,
    segment_of,
)
from app.partners.resource import PARTNERS
from app.resources.kind import Kind

FEATURE_OF = {feature.kind.type: feature for feature in FEATURES}


def nothing_asked(_table: Table) -> list[ColumnElement[bool]]:
    """Every resource of the kind is the source of an object."""
    return []


def with_agenda(events: Table) -> list[ColumnElement[bool]]:
    """Those events that have an agenda."""
    return [exists().where(table_of(EventAgendaItem).c.consultation_event_id == events.c.id)]


def with_documents(events: Table) -> list[ColumnElement[bool]]:
    """Those events that have documents."""
    return [cast(events.c.documents, Text) != "[]"]


def with_place(events: Table) -> list[ColumnElement[bool]]:
    """Those events of which it is known where they take place."""
    return [events.c.location.is_not(None)]


def with_term(agreements: Table) -> list[ColumnElement[bool]]:
    """Those agreements that have a term."""
    return [agreements.c.starts_on.is_not(None) | agreements.c.ends_on.is_not(None)]


Content = Mapping[str, Any]
"""A representation of any version: an earlier one may lack what a later one has."""


def the_whole(_content: Content) -> Iterable[str]:
    """The one object that stands for its source."""
    return [""]


def items_of(event: Content) -> Iterable[str]:
    """The items of an agenda."""
    return [str(order + 1) for order in range(len(event.get("agenda_items") or ()))]


def documents_of(event: Content) -> Iterable[str]:
    """The documents of an event."""
    return [file_key(each["url"]) for each in event.get("documents") or ()]


def place_of(event: Content) -> Iterable[str]:
    """The place of an event."""
    return [""] if event.get("location") else []


def term_of(agreement: Content) -> Iterable[str]:
    """The term of an agreement."""
    return [""] if agreement.get("starts_on") or agreement.get("ends_on") else []


def hearings_of(decision: Content) -> Iterable[str]:
    """The hearings of a decision that it names itself."""
    in_writing = [IN_WRITING] if decision.get("involved_partner_ids") else []
    return [*in_writing, *(decision.get("consultation_event_ids") or ())]


@dataclass(frozen=True)
class Type:
    """A type of objects: its name, the kind of its sources, and what it makes of one, by the key in it.

    The one object that stands for a source has the empty key, and is all that is made of it where it `is_whole`. `keys`
    are those of what a version of the source has; `only` are the sources of which anything is made at all.
    """

    name: str
    kind: Kind[Any]
    objects: Callable[[World, Source], dict[str, Object]]
    keys: Callable[[Content], Iterable[str]] = the_whole
    only: Callable[[Table], list[ColumnElement[bool]]] = nothing_asked

    @property
    def segment(self) -> str:
        """The type as a step of an address."""
        return segment_of(self.name)

    @property
    def is_whole(self) -> bool:
        """Whether each source is one object, and always is."""
        return self.keys is the_whole

    @property
    def feature(self) -> Feature:
        """What is offered of the kind of its sources."""
        return FEATURE_OF[self.kind.type]


BODY = Type("Body", AGREEMENTS, bodies)
MEETING = Type("Meeting", CONSULTATION_EVENTS, meetings)

TYPES: dict[str, Type] = {
    type.segment: type
    for type in (
        BODY,
        Type("Organization", PARTNERS, organizations),
        MEETING,
        Type("Paper", DECISIONS, papers),
        Type("AgendaItem", CONSULTATION_EVENTS, agenda_items, items_of, with_agenda),
        Type("Consultation", DECISIONS, consultations, hearings_of),
        Type("File", CONSULTATION_EVENTS, files, documents_of, with_documents),
        Type("Location", CONSULTATION_EVENTS, locations, place_of, with_place),
        Type("LegislativeTerm", AGREEMENTS, legislative_terms, term_of, with_term),
    )
}
"""The types by their step in addresses. There are no persons here, and so no memberships of persons."""
