"""Loading an agreement: what is not there yet is added, what is there stays as its partners left it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.access.parties import Side
from app.agreements.models import AgreementCreate, Exchange
from app.agreements.resource import AGREEMENTS
from app.agreements.terms import HearingSource
from app.changes.log import Transaction
from app.changes.models import Subject
from app.database.tables import table_of
from app.goals.models import GoalCreate
from app.goals.resource import GOALS
from app.partners.models import PartnerCreate
from app.partners.resource import PARTNERS
from app.partners.terms import PartnerKind
from app.resources.ids import named_id
from app.resources.kind import Kind
from app.resources.writing import create
from app.schema.base import Schema
from app.schema.period import has_ended
from app.seed.document import reached
from app.seed.parts import AgreementFile, ExchangePart, PartnerPart
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
        wanted = entry.model_dump(mode="json")
        same = all(present[name] == wanted[name] for name in entry.model_fields_set)
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
    for partner in referred_first(content.partners):
        yield f"partners/{partner.slug}", PARTNERS, named_id("partners", partner.slug), partner_entry(partner)
    yield f"agreements/{agreement.slug}", AGREEMENTS, agreement_id, agreement_entry(content)
    for topic in content.topics:
        topic_path = ("topics", agreement.slug, topic.slug)
        name = topic.name_in(agreement.language)
        translations = {at: each for at, each in topic.names.items() if (at, each) != (agreement.language, name)}
        entry = TopicCreate(agreement_id=agreement_id, slug=topic.slug, name=name, translations=translations)
        yield named(topic_path, TOPICS, entry)
    for goal in content.goals:
        path = ("goals", agreement.slug, goal.number)
        topic_id = named_id("topics", agreement.slug, goal.topic)
        fields = goal.model_dump(include={"number", "title", "description"}, exclude_unset=True)
        yield named(path, GOALS, GoalCreate(agreement_id=agreement_id, topic_id=topic_id, **fields))
        for number, title in enumerate(goal.sub_measures, start=1):
            yield named(
                ("sub-measures", agreement.slug, goal.number, number),
                SUB_MEASURES,
                SubMeasureCreate(goal_id=named_id(*path), number=number, title=title, status=SubMeasureStatus.agreed),
            )


def named(path: tuple[object, ...], kind: Kind[Any], entry: Schema) -> tuple[str, Kind[Any], UUID, Schema]:
    """An entry whose id comes from its path."""
    return "/".join(str(step) for step in path), kind, named_id(*path), entry


def referred_first(partners: list[PartnerPart]) -> list[PartnerPart]:
    """The partners in an order in which each stands behind what it is a member or has become part of."""
    named = {partner.slug: partner.refers_to for partner in partners}
    return sorted(partners, key=lambda partner: len(reached(partner.slug, named)))


def partner_entry(partner: PartnerPart) -> PartnerCreate:
    """A partner of the file as the API would be sent it."""
    apart = {"member_of", "memberships", "merged_into"}
    fields = partner.model_dump(mode="json", exclude=apart, exclude_unset=True)
    if partner.belongs_to:
        fields["memberships"] = [
            {**each.model_dump(by_alias=True, exclude={"umbrella"}), "umbrella_id": named_id("partners", each.umbrella)}
            for each in partner.belongs_to
        ]
    if partner.merged_into:
        fields["merged_into_id"] = named_id("partners", partner.merged_into)
    return PartnerCreate.model_validate(fields)


def agreement_entry(content: AgreementFile) -> AgreementCreate:
    """The agreement of the file as the API would be sent it."""
    agreement = content.agreement
    apart = {"signatories", "parties", "exchange", "early_involvement", "succeeds"}
    fields = agreement.model_dump(mode="json", exclude=apart, exclude_unset=True)
    if agreement.succeeds:
        fields["succeeds_id"] = named_id("agreements", agreement.succeeds)
    if agreement.early_involvement and not agreement.hearing:
        # An earlier form of the file, which does not say who says so: then it is no clause.
        kinds = agreement.early_involvement.decision_kinds
        fields["hearing"] = {"source": HearingSource.statement, "decision_kinds": kinds}
    if agreement.exchange:
        fields["exchange"] = list(exchange_entries(agreement.exchange))
    signatories = [
        {
            "name": each.name,
            "function": each.function,
            "partner_id": named_id("partners", each.partner) if each.partner else None,
        }
        for each in agreement.signatories
    ]
    return AgreementCreate.model_validate({**fields, "signatories": signatories, "parties": list(parties(content))})


def exchange_entries(exchange: ExchangePart | list[Exchange]) -> Iterator[Exchange]:
    """The levels and the forms of the exchange one by one: that each level has each form is not said."""
    if not isinstance(exchange, ExchangePart):
        yield from exchange
        return
    levels = [Exchange(level=level, description=exchange.description) for level in exchange.levels]
    formats = [Exchange(format=format, description=exchange.description) for format in exchange.formats]
    only_words = [Exchange(description=exchange.description)] if exchange.description else []
    yield from [*levels, *formats] or only_words


def parties(content: AgreementFile) -> Iterator[dict[str, Any]]:
    """The parties of the agreement; in a file without any, the municipality, the umbrella associations, their members.

    That is who is one when the agreement begins, or is signed.
    """
    if content.agreement.parties is not None:
        for party in content.agreement.parties:
            fields = party.model_dump(by_alias=True, exclude={"partner"})
            yield {**fields, "partner_id": named_id("partners", party.partner)}
        return
    day = content.agreement.starts_on or content.agreement.signed_on
    kinds = {partner.slug: partner.kind for partner in content.partners}
    above = {partner.slug: set(umbrellas_on(partner, day)) for partner in content.partners}
    for partner in content.partners:
        id = named_id("partners", partner.slug)
        if day and has_ended(partner.dissolved_on, day):
            continue
        if partner.kind is PartnerKind.municipality:
            yield {"partner_id": id, "side": Side.authority}
        elif any(kinds[each] is PartnerKind.umbrella_association for each in reached(partner.slug, above)):
            yield {"partner_id": id, "side": Side.associations}


def umbrellas_on(partner: PartnerPart, day: date | None) -> Iterator[str]:
    """What a partner is a member of on a day; where no day is known, at any time."""
    for each in partner.belongs_to:
        start, end = each.from_ or date.min, each.until or date.max
        if day is None or start <= day <= end:
            yield each.umbrella
