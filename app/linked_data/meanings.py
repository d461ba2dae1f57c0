"""What each kind means to others: declared once, for the contexts, the ontology and whoever reads either.

A field that is not declared here has its meaning in the register's own ontology, which says of it what the contract says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.consultation_events.terms import AttendanceMode, EventStatus
from app.resources.kind import Kind
from app.vocabularies.term import Term


@dataclass(frozen=True)
class Meaning:
    """What a kind is in the words of others.

    `classes` are what its resources are beside the register's own class, `fields` the properties behind its fields,
    those of an object in a field with a dot: `participants.partner_id`. `part` is the field that names what stands
    below another in its address.
    """

    classes: tuple[str, ...] = ("prov:Entity",)
    fields: Mapping[str, str] = field(default_factory=dict)
    part: str = "id"


COMMON: Mapping[str, str] = {
    "id": "dcterms:identifier",
    "created_at": "dcterms:created",
    "updated_at": "dcterms:modified",
    "visibility": "dcterms:accessRights",
    "agreement_id": "dcterms:isPartOf",
}
"""What the fields mean that any kind can have."""

MEANINGS: Mapping[str, Meaning] = {
    "partner": Meaning(
        ("org:Organization", "schema:Organization", "prov:Agent"),
        {
            "slug": "skos:notation",
            "name": "schema:name",
            "short_name": "schema:alternateName",
            "kind": "org:classification",
            "former_names.name": "schema:alternateName",
            "description": "schema:description",
            "website": "schema:url",
            "email": "schema:email",
            "staff_count": "schema:numberOfEmployees",
            "founded_on": "schema:foundingDate",
            "dissolved_on": "schema:dissolutionDate",
            "merged_into_id": "dcterms:isReplacedBy",
            "memberships": "org:hasMembership",
            "memberships.umbrella_id": "org:organization",
            "memberships.from": "schema:startDate",
            "memberships.until": "schema:endDate",
            "service_fields": "schema:knowsAbout",
        },
    ),
    "agreement": Meaning(
        ("schema:CreativeWork", "prov:Entity"),
        {
            "slug": "skos:notation",
            "title": "dcterms:title",
            "description": "dcterms:description",
            "signed_on": "dcterms:dateAccepted",
            "published_on": "dcterms:issued",
            "starts_on": "schema:startDate",
            "ends_on": "schema:endDate",
            "succeeds_id": "dcterms:replaces",
            "source_url": "dcterms:source",
            "language": "schema:inLanguage",
            "signatories.name": "schema:name",
            "signatories.function": "schema:jobTitle",
            "parties.from": "schema:startDate",
            "parties.until": "schema:endDate",
        },
    ),
    "topic": Meaning(
        ("skos:Concept",),
        {"slug": "skos:notation", "name": "skos:prefLabel", "translations": "skos:prefLabel"},
    ),
    "goal": Meaning(
        fields={"topic_id": "dcterms:subject", "title": "dcterms:title", "description": "dcterms:description"},
    ),
    "sub_measure": Meaning(
        ("schema:GovernmentService", "prov:Entity"),
        {
            "goal_id": "dcterms:isPartOf",
            "continues_id": "prov:wasDerivedFrom",
            "code": "skos:notation",
            "title": "schema:name",
            "summary": "dcterms:abstract",
            "description": "schema:description",
            "lead_partner_id": "schema:serviceOperator",
            "supporting_partner_ids": "schema:sponsor",
            "starts_on": "schema:startDate",
            "ends_on": "schema:endDate",
            "districts": "schema:areaServed",
            "links": "dcterms:relation",
            "links.title": "dcterms:title",
            "links.url": "schema:url",
        },
    ),
    "consultation_event": Meaning(
        ("schema:Event", "prov:Activity"),
        {
            "title": "schema:name",
            "description": "schema:description",
            "status": "schema:eventStatus",
            "starts_at": "schema:startDate",
            "ends_at": "schema:endDate",
            "attendance_mode": "schema:eventAttendanceMode",
            "location": "schema:location",
            "organiser_id": "schema:organizer",
            "topic_ids": "schema:about",
            "goal_ids": "schema:about",
            "sub_measure_ids": "schema:about",
            # Between an event and who attends stands how: schema.org's pattern for roles.
            "participants": "schema:attendee",
            "participants.partner_id": "schema:attendee",
            "participants.role": "schema:roleName",
            "agenda_items": "schema:subEvent",
            "agenda_items.title": "schema:name",
            "agenda_items.description": "schema:description",
            "agenda_items.sub_measure_id": "schema:about",
            "agenda_items.decision_id": "schema:about",
            "documents": "schema:subjectOf",
            "documents.title": "schema:name",
            "documents.url": "schema:url",
            "documents.media_type": "schema:encodingFormat",
        },
    ),
    "decision": Meaning(
        fields={
            "title": "dcterms:title",
            "description": "dcterms:description",
            "source_url": "dcterms:source",
            "announced_on": "dcterms:available",
            "decided_on": "dcterms:date",
            "topic_ids": "dcterms:subject",
            "goal_ids": "dcterms:subject",
            "sub_measure_ids": "dcterms:subject",
            "consultation_event_ids": "prov:wasInfluencedBy",
        },
    ),
    "statement": Meaning(
        ("schema:CreativeWork", "prov:Entity"),
        {
            "decision_id": "schema:about",
            "partner_id": "prov:wasAttributedTo",
            "text": "schema:text",
            "submitted_at": "dcterms:dateSubmitted",
        },
        part="partner_id",
    ),
    "need": Meaning(
        fields={
            "title": "dcterms:title",
            "description": "dcterms:description",
            "raised_by_id": "prov:wasAttributedTo",
            "topic_id": "dcterms:subject",
            "sub_measure_ids": "dcterms:relation",
            "decision_ids": "dcterms:relation",
            "consultation_event_ids": "prov:wasInfluencedBy",
        },
    ),
    "indicator": Meaning(
        fields={
            "name": "schema:name",
            "description": "schema:description",
            "unit": "schema:unitText",
            "goal_id": "schema:about",
            "sub_measure_id": "schema:about",
        },
    ),
    "observation": Meaning(
        ("schema:Observation", "prov:Entity"),
        {"indicator_id": "schema:measuredProperty", "on": "schema:observationDate", "value": "schema:value"},
        part="on",
    ),
    "progress_report": Meaning(
        ("schema:Report", "prov:Entity"),
        {
            "sub_measure_id": "schema:about",
            "partner_id": "prov:wasAttributedTo",
            "summary": "schema:abstract",
            "submitted_at": "dcterms:dateSubmitted",
        },
    ),
    "objection": Meaning(fields={"text": "schema:text", "raised_by_id": "prov:wasAttributedTo"}),
    "proposal": Meaning(fields={"proposed_by_id": "prov:wasAttributedTo"}),
}

ALIKE: Mapping[Term, str] = {
    EventStatus.planned: "schema:EventScheduled",
    EventStatus.confirmed: "schema:EventScheduled",
    EventStatus.postponed: "schema:EventPostponed",
    EventStatus.cancelled: "schema:EventCancelled",
    AttendanceMode.in_person: "schema:OfflineEventAttendanceMode",
    AttendanceMode.online: "schema:OnlineEventAttendanceMode",
    AttendanceMode.hybrid: "schema:MixedEventAttendanceMode",
}
"""Terms that others have, too."""


def meaning_of(kind: Kind[Any]) -> Meaning:
    """What a kind means to others."""
    return MEANINGS.get(kind.type, Meaning())


def property_of(kind: Kind[Any], path: str) -> str | None:
    """What a field means to others; None for what has its meaning here alone."""
    return {**COMMON, **meaning_of(kind).fields}.get(path)
