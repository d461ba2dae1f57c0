"""The objects of OParl 1.1, made of the public representations of resources.

Each object is made of one resource, its source: from it come the address, `created` and `modified`. Texts are German, as
OParl's words are. What is not known is absent, and references lead only to what is public.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from app.consultation_events.terms import EventStatus
from app.partners.terms import PartnerKind
from app.settings import Settings
from app.vocabularies.decision_kind import DecisionKind

VERSION = "https://schema.oparl.org/1.1/"
PREFIX = "/oparl/v1.1"

Object = dict[str, Any]

STATES = {
    EventStatus.planned: "terminiert",
    EventStatus.postponed: "terminiert",
    EventStatus.confirmed: "eingeladen",
    EventStatus.cancelled: "terminiert",
    EventStatus.held: "durchgeführt",
}
"""How OParl recommends to put the status of a meeting."""
LISTS = (
    "organization",
    "person",
    "meeting",
    "paper",
    "agendaItem",
    "consultation",
    "file",
    "locationList",
    "legislativeTermList",
    "membership",
)
"""The external lists of a body, by the attributes that lead to them."""
IN_WRITING = "asked"
"""The key of the consultation in which partners are asked for statements."""


class Source(NamedTuple):
    """A resource that objects are made of; of what is gone the content is the last that was public."""

    id: UUID
    created: str
    modified: str
    content: Mapping[str, Any]
    is_gone: bool = False


@dataclass(frozen=True)
class World:
    """What objects need beside their source: where they are served, by whom, and what is around them.

    `shown` are the ids that are public; `agendas` gives for each decision the events with an item of the
    agenda about it, with its number; `body` is the one agreement where there is no other.
    """

    base: str
    settings: Settings
    shown: frozenset[str] = frozenset()
    agendas: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    body: str | None = None

    def address(self, *steps: object) -> str:
        """Where something is."""
        return "/".join((self.base + PREFIX, *map(str, steps)))

    def shows(self, id: str | None) -> bool:
        """Whether something is there, and public."""
        return id in self.shown

    def organizations(self, ids: list[str | None]) -> list[str]:
        """The addresses of partners, each once."""
        return [self.address("organization", id) for id in dict.fromkeys(ids) if self.shows(id)]


def made(world: World, type: str, source: Source, *key: object, **attributes: Any) -> Object:
    """An object with what each has; what is not known or empty is left out."""
    known = {name: value for name, value in attributes.items() if value is not None and value != []}
    id = world.address(segment_of(type), source.id, *key)
    return {"id": id, "type": VERSION + type, **known, "created": source.created, "modified": source.modified}


def segment_of(type: str) -> str:
    """A type as a step of an address: `AgendaItem` as `agendaItem`."""
    return type[0].lower() + type[1:]


def inner(objects: Mapping[str, Object], *back: str) -> list[Object]:
    """Objects inside of the one that they lead back to, which they do not name there."""
    return [{name: value for name, value in each.items() if name not in back} for each in objects.values()]


def stub(world: World, type: str, source: Source, *key: object) -> Object:
    """What is left of an object that is gone."""
    return {**made(world, type, source, *key), "deleted": True}


def moment(value: str | None) -> str | None:
    """A time as OParl writes it, with its offset."""
    return value and value.removesuffix("Z") + "+00:00"


def system(world: World, created: str, modified: str) -> Object:
    """The interface itself."""
    settings = world.settings
    about = {
        "license": settings.data_licence,
        "contactEmail": settings.contact_email,
        "contactName": settings.operator,
        "website": settings.contact_url,
    }
    return {
        "id": world.address(),
        "type": f"{VERSION}System",
        "oparlVersion": VERSION,
        "body": world.address("bodies"),
        "name": f"Kooperationsregister {settings.operator or ''}".strip(),
        **{name: value for name, value in about.items() if value is not None},
        "created": created,
        "modified": modified,
    }


def bodies(world: World, source: Source) -> dict[str, Object]:
    """An agreement, as the body that meets and decides under it."""
    content, settings = source.content, world.settings
    key = content["municipality_key"]
    body = made(
        world,
        "Body",
        source,
        system=world.address(),
        name=content["title"],
        website=content["source_url"],
        license=settings.data_licence,
        ags=key,
        equivalent=[settings.bodies[key]] if key in settings.bodies else None,
        contactEmail=settings.contact_email,
        contactName=settings.operator,
        classification="Kooperationsvereinbarung",
        **{name: world.address("body", source.id, name) for name in LISTS},
    )
    return {"": {**body, "legislativeTerm": inner(legislative_terms(world, source), "body")}}


def legislative_terms(world: World, source: Source) -> dict[str, Object]:
    """The term of an agreement, where one is known."""
    first, last = source.content["starts_on"], source.content["ends_on"]
    if first is None and last is None:
        return {}
    body, name = world.address("body", source.id), "Laufzeit der Vereinbarung"
    return {"": made(world, "LegislativeTerm", source, body=body, name=name, startDate=first, endDate=last)}


def organizations(world: World, source: Source) -> dict[str, Object]:
    """A partner."""
    content = source.content
    kind = PartnerKind[content["kind"]]
    umbrellas = [each["umbrella_id"] for each in content["memberships"] if each["until"] is None]
    above = world.organizations(umbrellas)
    organization = made(
        world,
        "Organization",
        source,
        body=world.body and world.address("body", world.body),
        name=content["name"],
        shortName=content["short_name"],
        meeting=world.address("organization", source.id, "meeting"),
        subOrganizationOf=above[0] if above else None,
        organizationType="Verwaltungsbereich" if kind is PartnerKind.municipality else "Institution",
        classification=kind.label.de,
        startDate=content["founded_on"],
        endDate=content["dissolved_on"],
        website=content["website"],
    )
    return {"": organization}


def meetings(world: World, source: Source) -> dict[str, Object]:
    """A consultation event."""
    content = source.content
    status = EventStatus[content["status"]]
    partners = [content["organiser_id"], *(each["partner_id"] for each in content["participants"])]
    places = inner(locations(world, source), "meetings")
    meeting = made(
        world,
        "Meeting",
        source,
        name=content["title"],
        meetingState=STATES[status],
        cancelled=status is EventStatus.cancelled,
        start=moment(content["starts_at"]),
        end=moment(content["ends_at"]),
        location=places[0] if places else None,
        organization=world.organizations(partners),
        auxiliaryFile=inner(files(world, source), "meeting"),
        agendaItem=inner(agenda_items(world, source), "meeting"),
    )
    return {"": meeting}


def locations(world: World, source: Source) -> dict[str, Object]:
    """Where an event takes place, where that is known."""
    place = source.content["location"]
    if place is None:
        return {}
    meeting = world.address("meeting", source.id)
    return {"": made(world, "Location", source, description=place, meetings=[meeting])}


def files(world: World, source: Source) -> dict[str, Object]:
    """The documents of an event, which are kept elsewhere; each is known by its address there."""
    meeting = world.address("meeting", source.id)
    found: dict[str, Object] = {}
    for each in source.content["documents"]:
        key = file_key(each["url"])
        about = {"name": each["title"], "mimeType": each["media_type"], "accessUrl": each["url"]}
        found.setdefault(key, made(world, "File", source, key, **about, meeting=[meeting]))
    return found


def file_key(url: str) -> str:
    """The key of a document in its event."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def agenda_items(world: World, source: Source) -> dict[str, Object]:
    """The agenda of an event."""
    found: dict[str, Object] = {}
    for order, each in enumerate(source.content["agenda_items"]):
        decision = each["decision_id"]
        found[str(order + 1)] = made(
            world,
            "AgendaItem",
            source,
            order + 1,
            meeting=world.address("meeting", source.id),
            number=str(order + 1),
            order=order,
            name=each["title"],
            consultation=world.address("consultation", decision, source.id) if world.shows(decision) else None,
            resolutionText=each["outcome"],
        )
    return found


def papers(world: World, source: Source) -> dict[str, Object]:
    """A decision."""
    content = source.content
    paper = made(
        world,
        "Paper",
        source,
        body=world.address("body", content["agreement_id"]),
        name=content["title"],
        reference=content["reference"],
        date=content["announced_on"],
        paperType=DecisionKind[content["kind"]].label.de,
        originatorOrganization=world.organizations([content["reported_by_id"]]),
        consultation=inner(consultations(world, source), "paper"),
        web=content["source_url"],
    )
    return {"": paper}


def consultations(world: World, source: Source) -> dict[str, Object]:
    """How the partners are heard before a decision: in writing, and at each event that is about it."""
    asked = world.organizations(source.content["involved_partner_ids"])
    always = {"paper": world.address("paper", source.id), "organization": asked, "authoritative": False}
    found: dict[str, Object] = {}
    if asked:
        found[IN_WRITING] = made(world, "Consultation", source, IN_WRITING, **always, role="Stellungnahme")
    for event, number in hearings(world, source):
        item = number and world.address("agendaItem", event, number)
        meeting = world.address("meeting", event)
        found[event] = made(
            world, "Consultation", source, event, **always, role="Anhörung", meeting=meeting, agendaItem=item
        )
    return found


def hearings(world: World, source: Source) -> Iterator[tuple[str, int | None]]:
    """The events at which the partners are heard before a decision, each with the number of the item about it."""
    items = world.agendas.get(str(source.id), {})
    for event in dict.fromkeys([*source.content["consultation_event_ids"], *items]):
        if world.shows(event):
            yield event, items.get(event)
