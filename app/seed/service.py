"""Loading an agreement: what is not there yet is added, what is there stays as its partners left it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.agreements.models import AgreementCreate, Signatory
from app.agreements.resource import AGREEMENTS
from app.changes.log import Transaction
from app.changes.models import Subject
from app.database import table_of
from app.goals.models import GoalCreate
from app.goals.resource import GOALS
from app.partners.models import PartnerCreate
from app.partners.resource import PARTNERS
from app.resources.ids import named_id
from app.resources.kind import Kind
from app.resources.writing import create
from app.schema.base import Schema
from app.seed.document import AgreementFile, PartnerPart
from app.sub_measures.models import SubMeasureCreate
from app.sub_measures.resource import SUB_MEASURES
from app.sub_measures.terms import SubMeasureStatus
from app.topics.models import TopicCreate
from app.topics.resource import TOPICS


@dataclass
class Loaded:
    """What became of each entry of a file: its name in the right list."""

    added: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


async def load(session: Transaction, content: AgreementFile) -> Loaded:
    """Add what the register does not have yet, in the transaction of the session.

    What a partner changed is kept, what a partner deleted stays deleted; both are reported.
    """
    loaded = Loaded()
    for name, kind, id, entry in entries(content):
        await load_one(session, loaded, name, kind, id, entry)
    return loaded


async def load_one(session: Transaction, loaded: Loaded, name: str, kind: Kind[Any], id: UUID, entry: Schema) -> None:
    """Add one entry, or say why it is not added."""
    table = table_of(kind.table)
    stored = (await session.execute(select(table.c.representation).where(table.c.id == id))).scalar_one_or_none()
    if stored is not None:
        present = json.loads(stored)
        wanted = entry.model_dump(mode="json", exclude_unset=True)
        same = all(present[field] == value for field, value in wanted.items())
        (loaded.unchanged if same else loaded.kept).append(name)
    elif await session.get(Subject, id) is not None:
        loaded.deleted.append(name)
    else:
        await create(session, kind, entry, id=id)
        loaded.added.append(name)


def entries(content: AgreementFile) -> Iterator[tuple[str, Kind[Any], UUID, Schema]]:
    """Every resource in the file with its name and its id, in an order in which references lead back."""
    agreement = content.agreement
    agreement_id = named_id("agreements", agreement.slug)
    for partner in umbrellas_first(content.partners):
        yield f"partners/{partner.slug}", PARTNERS, named_id("partners", partner.slug), partner_entry(partner)
    yield f"agreements/{agreement.slug}", AGREEMENTS, agreement_id, agreement_entry(content)
    for topic in content.topics:
        topic_path = ("topics", agreement.slug, topic.slug)
        translations = {"en": topic.name_en} if topic.name_en else {}
        entry = TopicCreate(agreement_id=agreement_id, slug=topic.slug, name=topic.name_de, translations=translations)
        yield named(topic_path, TOPICS, entry)
    for goal in content.goals:
        path = ("goals", agreement.slug, goal.number)
        topic_id = named_id("topics", agreement.slug, goal.topic)
        yield named(
            path, GOALS, GoalCreate(agreement_id=agreement_id, number=goal.number, topic_id=topic_id, title=goal.title)
        )
        for number, title in enumerate(goal.sub_measures, start=1):
            yield named(
                ("sub-measures", agreement.slug, goal.number, number),
                SUB_MEASURES,
                SubMeasureCreate(goal_id=named_id(*path), number=number, title=title, status=SubMeasureStatus.agreed),
            )


def named(path: tuple[object, ...], kind: Kind[Any], entry: Schema) -> tuple[str, Kind[Any], UUID, Schema]:
    """An entry whose id comes from its path."""
    return "/".join(str(step) for step in path), kind, named_id(*path), entry


def umbrellas_first(partners: list[PartnerPart]) -> list[PartnerPart]:
    """The partners in an order in which each stands behind what it is a member of."""
    member_of = {partner.slug: partner.member_of for partner in partners}

    def depth(slug: str | None, passed: frozenset[str] = frozenset()) -> int:
        return 0 if slug is None or slug in passed else 1 + depth(member_of[slug], passed | {slug})

    return sorted(partners, key=lambda partner: depth(partner.slug))


def partner_entry(partner: PartnerPart) -> PartnerCreate:
    """A partner of the file as the API would be sent it."""
    fields = partner.model_dump(mode="json", exclude={"member_of"}, exclude_unset=True)
    if partner.member_of:
        fields["member_of_id"] = named_id("partners", partner.member_of)
    return PartnerCreate.model_validate(fields)


def agreement_entry(content: AgreementFile) -> AgreementCreate:
    """The agreement of the file as the API would be sent it."""
    fields = content.agreement.model_dump(
        mode="json", exclude={"signatories", "exchange", "early_involvement"}, exclude_unset=True
    )
    signatories = [
        Signatory(
            name=each.name,
            function=each.function,
            partner_id=named_id("partners", each.partner) if each.partner else None,
        )
        for each in content.agreement.signatories
    ]
    return AgreementCreate.model_validate({**fields, "signatories": signatories})
