"""Which resources are the sources of objects: those that are public, and what is left of those that were.

All that is here is selected as anybody without a key sees it, whoever asks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Table,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from app.access.caller import ANONYMOUS
from app.access.parties import PARTY
from app.access.visibility import Visibility, visible
from app.agreements.resource import AGREEMENTS
from app.changes.feed import seen_by
from app.changes.models import Action, Change, Subject
from app.consultation_events.models import ConsultationEvent, EventAgendaItem
from app.database.tables import table_of
from app.decisions.resource import DECISIONS
from app.oparl.query import ExternalListQuery
from app.oparl.types import FEATURE_OF, MEETING, Type
from app.partners.models import PartnerMembership
from app.partners.resource import PARTNERS
from app.resources.kind import KINDS, Kind
from app.resources.lists import matching
from app.resources.scope import home, in_agreements, references

AGREEMENT, CHANGE, SUBJECT = table_of(AGREEMENTS.table), table_of(Change), table_of(Subject)
EVENT, ITEM = table_of(ConsultationEvent), table_of(EventAgendaItem)


@dataclass(frozen=True)
class Scope:
    """Which sources are meant: conditions on what is there, and on the subjects of what is gone; none means all."""

    there: tuple[ColumnElement[bool], ...] = ()
    gone: tuple[ColumnElement[bool], ...] = ()


def one(kind: Kind[Any], id: UUID) -> Scope:
    """The one with an id, in an agreement that is public."""
    return Scope((table_of(kind.table).c.id == id, *in_public(kind)), (SUBJECT.c.id == id,))


def in_body(kind: Kind[Any], agreement_id: UUID) -> Scope:
    """What a body has. Partners have no body for good, so one that is gone is gone from each."""
    if kind is PARTNERS:
        return Scope((or_(false(), *named_in(agreement_id)),))
    if kind is AGREEMENTS:
        return Scope((AGREEMENT.c.id == agreement_id,), (SUBJECT.c.id == agreement_id,))
    feature = FEATURE_OF[kind.type]
    wanted = feature.query(agreement_id=[agreement_id])
    return Scope(tuple(matching(kind, wanted, ANONYMOUS)), (SUBJECT.c.agreement_id == agreement_id,))


def meetings_of(partner_id: UUID) -> Scope:
    """The events that a partner organises or takes part in; who took part in what is gone is gone with it."""
    wanted = MEETING.feature.query.model_validate({"partner_id": [partner_id]})
    return Scope((*matching(MEETING.kind, wanted, ANONYMOUS), *in_public(MEETING.kind)))


def in_public(kind: Kind[Any]) -> Iterator[ColumnElement[bool]]:
    """Whether the agreement of a row is public."""
    if kind.belongs_by:
        yield home(kind).in_(select(AGREEMENT.c.id).where(visible(AGREEMENT, ANONYMOUS)))


def named_in(agreement_id: UUID) -> Iterator[ColumnElement[bool]]:
    """Whether something public of an agreement refers to a partner, or it is or was a member of one of the parties."""
    partner, membership = table_of(PARTNERS.table), table_of(PartnerMembership)
    parties = select(PARTY.c.partner_id).where(PARTY.c.agreement_id == agreement_id)
    yield partner.c.id.in_(select(membership.c.member_id).where(membership.c.umbrella_id.in_(parties)))
    for kind in KINDS.values():
        if kind is not AGREEMENTS and not kind.belongs_by:
            continue
        table = table_of(kind.table)
        public = [visible(table, ANONYMOUS), in_agreements(kind.table, ANONYMOUS, [agreement_id])]
        for column, parent, target in references(kind):
            if target is partner:
                joined = [] if parent is None else [parent == table.c.id]
                yield partner.c.id.in_(select(column).where(*public, *joined))


def found(type: Type, scope: Scope, wanted: ExternalListQuery) -> Subquery:
    """The sources within the filters: `id`, `created`, `modified`, `text`, `is_gone`.

    `text` is what a source says; of one that is gone, what it said last. What is gone is among them where it is asked what was
    modified, so that everybody learns of it who has it.
    """
    table = table_of(type.kind.table)
    # An object can be gone from a resource that has none any more.
    only = type.only(table) if wanted.modified_since is None else []
    there = select(
        table.c.id,
        table.c.created_at.label("created"),
        modified(table).label("modified"),
        table.c.representation.label("text"),
        literal_column("0").label("is_gone"),
    ).where(visible(table, ANONYMOUS), *scope.there, *only)
    if wanted.modified_since is None:
        return there.subquery("found")
    return union_all(there, gone(type.kind, scope)).subquery("found")


def modified(table: Table) -> ColumnElement[Any]:
    """When a row was last modified; with a decision that is also when an event was that has an item about it."""
    own: ColumnElement[Any] = table.c.updated_at
    if table is not table_of(DECISIONS.table):
        return own
    held = select(func.max(EVENT.c.updated_at)).join(ITEM, ITEM.c.consultation_event_id == EVENT.c.id)
    last = held.where(ITEM.c.decision_id == table.c.id, visible(EVENT, ANONYMOUS)).scalar_subquery()
    return case((last > own, last), else_=own)


def gone(kind: Kind[Any], scope: Scope) -> Select[Any]:
    """What was public once, and was deleted or is for partners only now, with its last text that was public."""
    about = CHANGE.c.resource_id == SUBJECT.c.id
    left_at = select(func.max(CHANGE.c.at)).where(about, seen_by(ANONYMOUS).left).correlate(SUBJECT).scalar_subquery()
    born_at = select(func.min(CHANGE.c.at)).where(about).correlate(SUBJECT).scalar_subquery()
    shown = select(CHANGE.c.data).where(about, *was_shown()).order_by(CHANGE.c.position.desc()).limit(1)
    return select(
        SUBJECT.c.id,
        born_at.label("created"),
        left_at.label("modified"),
        shown.correlate(SUBJECT).scalar_subquery().label("text"),
        literal_column("1").label("is_gone"),
    ).where(
        SUBJECT.c.kind == kind.type,
        or_(SUBJECT.c.deleted_at.is_not(None), SUBJECT.c.visibility != Visibility.public),
        left_at.is_not(None),
        *scope.gone,
    )


def was_shown() -> tuple[ColumnElement[bool], ...]:
    """Whether an entry of the log has the text of something that was public then."""
    return CHANGE.c.visibility == Visibility.public, CHANGE.c.action != Action.deleted, CHANGE.c.data.is_not(None)


def times(rows: Subquery, wanted: ExternalListQuery) -> Iterator[ColumnElement[bool]]:
    """The four filters; both ends are meant, too."""
    bounds: Mapping[str, ColumnElement[Any]] = {"created": rows.c.created, "modified": rows.c.modified}
    for name, column in bounds.items():
        since, until = getattr(wanted, f"{name}_since"), getattr(wanted, f"{name}_until")
        if since is not None:
            yield column >= since
        if until is not None:
            yield column <= until
