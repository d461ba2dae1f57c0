"""What waits for somebody: its kinds, and what is asked and said of it."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Select,
    String,
    Subquery,
    Table,
    TableClause,
    Uuid,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.functions import coalesce
from sqlmodel import SQLModel

from app.access.caller import Caller
from app.access.parties import PARTY, is_party_on
from app.access.visibility import visible
from app.agreements.models import Agreement
from app.consultation_events.models import ConsultationEvent
from app.database.tables import table_of
from app.days import day_in
from app.resources.kind import KINDS
from app.resources.lists import any_of
from app.resources.scope import home, scoped
from app.schema.period import holds_on
from app.vocabularies.term import Term

MOMENT = table_of(ConsultationEvent).c.starts_at.type
TITLE_LENGTH = 300


class DueKind(Term):
    """What waits for somebody."""

    event = (
        "event",
        "Termin, Zu- oder Absage",
        "event to attend or to answer",
        "Ein Termin steht an, zu dem ein Partner einlädt oder eingeladen ist.",
        "An event is ahead that a partner organises or is invited to.",
    )
    event_to_close = (
        "event_to_close",
        "vergangener Termin ohne Ergebnis",
        "event of the past to close",
        "Ein Termin ist vorbei, und niemand hat gesagt, was daraus wurde.",
        "An event is over, and nobody has said what became of it.",
    )
    statement = (
        "statement",
        "Stellungnahme",
        "statement to give",
        "Ein Partner ist nach seiner Meinung zu einer Entscheidung gefragt.",
        "A partner is asked what it thinks of a decision.",
    )
    statement_to_answer = (
        "statement_to_answer",
        "Antwort auf Stellungnahme",
        "statement to answer",
        "Zu einer Stellungnahme fehlt, was die Kommune daraus gemacht hat.",
        "A statement lacks what the authority made of it.",
    )
    decision = (
        "decision",
        "Entscheidung",
        "decision to date or to record",
        "Über etwas ist zu entscheiden, oder der Tag dafür ist zu nennen.",
        "Something is to be decided, or given a day for that.",
    )
    reported_decision = (
        "reported_decision",
        "gemeldete Entscheidung",
        "reported decision to take on or to refuse",
        "Zu einer Entscheidung, die Verbände eingetragen haben, fehlt die Antwort der Kommune.",
        "A decision that associations recorded lacks the authority's answer.",
    )
    milestone = (
        "milestone",
        "Meilenstein",
        "milestone",
        "Bis zu diesem Tag soll etwas erreicht sein.",
        "Something is to be reached by this day.",
    )
    report = (
        "report",
        "Fortschrittsbericht",
        "progress report to give",
        "Über eine Teilmaßnahme ist zu berichten.",
        "A sub-measure is to be reported on.",
    )
    report_to_accept = (
        "report_to_accept",
        "Annahme eines Fortschrittsberichts",
        "progress report to accept",
        "Ein Fortschrittsbericht wartet auf die Kommune.",
        "A progress report waits for the authority.",
    )
    observation = (
        "observation",
        "Messwert",
        "observation",
        "Zu einer Kennzahl fehlt der nächste Wert.",
        "An indicator lacks its next value.",
    )
    need = (
        "need",
        "Antwort auf Bedarf",
        "need to answer",
        "Ein Bedarf wartet auf die Antwort der Kommune.",
        "A need waits for the authority's answer.",
    )
    proposal = (
        "proposal",
        "Antwort auf Vorschlag",
        "proposal to answer",
        "Ein Vorschlag zur Berichtigung wartet auf die andere Seite.",
        "A proposal of a correction waits for the other side.",
    )
    objection = (
        "objection",
        "Antwort auf Widerspruch",
        "objection to answer",
        "Ein Widerspruch wartet auf die Antwort der anderen Seite.",
        "An objection waits for the other side's answer.",
    )
    webhook_endpoint = (
        "webhook_endpoint",
        "abgeschalteter Webhook",
        "webhook endpoint that the register disabled",
        "Ein Empfänger nahm nichts mehr an; sein Partner prüft ihn und schaltet ihn wieder ein.",
        "A receiver took nothing any more; its partner looks after it and enables it again.",
    )


class Asked(NamedTuple):
    """Who asks, on which day, up to which day, for the duties of which partners, and who goes on in the place of whom."""

    caller: Caller
    today: date
    until: date
    zone: ZoneInfo
    partner_ids: list[UUID]
    agreement_ids: list[UUID]
    goal_ids: list[UUID]
    report_months: int
    successors: CTE

    def heir(self, partner_id: ColumnElement[Any]) -> ColumnElement[UUID]:
        """A partner, or who goes on in its place."""
        successor = self.successors.c
        later = select(successor.successor_id).where(successor.partner_id == partner_id)
        # However deep it stands, everything else is of the statement around it.
        return coalesce(later.correlate_except(self.successors).scalar_subquery(), partner_id)

    def is_wanted(self, partner_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a partner, or who goes on in its place, is one that is asked for."""
        return any_of(self.heir(partner_id), self.partner_ids)

    def is_shown(self, partner_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether what waits for a partner is shown: that is one that is asked for, or any where none is."""
        return self.is_wanted(partner_id) if self.partner_ids else partner_id.is_not(None)

    @property
    def parties(self) -> Subquery:
        """The parties of today of the agreements that the caller sees, each with the side on which it stands."""
        agreement = table_of(Agreement)
        return (
            select(PARTY.c.agreement_id, PARTY.c.partner_id, PARTY.c.side)
            .join(agreement, agreement.c.id == PARTY.c.agreement_id)
            .where(is_party_on(self.today), visible(agreement, self.caller))
            .subquery()
        )

    def is_across(self, party: ColumnElement[Any], row: Table, first: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a party stands on another side than the one that spoke first in a row: then and today, as answers ask."""
        theirs, own = PARTY.alias(), PARTY.alias()
        then = day_in(row.c.created_at, self.zone.key)
        spoke = and_(
            theirs.c.agreement_id == row.c.agreement_id,
            theirs.c.partner_id == first,
            or_(holds_on(theirs, self.today), holds_on(theirs, then)),
        )
        shared = select(own.c.side).where(
            own.c.agreement_id == row.c.agreement_id, own.c.partner_id == party, holds_on(own, self.today)
        )
        stands = exists().where(spoke)
        return and_(party != first, stands, not_(stands.where(theirs.c.side.in_(shared.correlate_except(own)))))


def opening(text: ColumnElement[Any]) -> ColumnElement[str]:
    """So much of a text that its first line, shortened, can stand as a title."""
    return func.substr(func.ltrim(text, " \t\r\n"), 1, 2 * TITLE_LENGTH)


def due(asked: Asked, kind: DueKind, model: type[SQLModel], **shown: Any) -> Select[Any]:
    """What is due of one kind, in what is asked for, shown as `rows_of` says."""
    table = table_of(model)
    statement = rows_of(kind, table, home(KINDS[table.name]), **shown)
    return statement.where(*scoped(model, asked.caller, asked.agreement_ids, asked.goal_ids))


def rows_of(
    kind: DueKind,
    table: TableClause,
    agreement_id: ColumnElement[Any],
    *,
    title: ColumnElement[str],
    on: Any = None,
    of: Any = None,
    part: Any = "",
    waiting: Any = None,
    concerns: Any = None,
    starts_at: Any = None,
) -> Select[Any]:
    """What is due of one kind in a table whose rows belong to an agreement, or to none.

    `of` is whose duty it is; where that is nobody, it is the authority's. `part` tells apart what is due of the same
    resource, `waiting` is the partner that waits for it, `concerns` whether it is also shown to those that are asked for.
    """
    return select(
        # A null without a type is text where nothing beside it has a day.
        (cast(null(), Date()) if on is None else type_coerce(on, Date())).label("due_on"),
        literal(kind.value, String(40)).label("kind"),
        title.label("title"),
        literal(table.name, String(60)).label("resource_type"),
        table.c.id.label("resource_id"),
        agreement_id.label("agreement_id"),
        cast(null() if of is None else of, Uuid()).label("partner_id"),
        cast(null() if waiting is None else waiting, Uuid()).label("waiting_partner_id"),
        cast(part, String(36)).label("part"),
        (false() if concerns is None else concerns).label("concerns"),
        (cast(null(), MOMENT) if starts_at is None else starts_at).label("starts_at"),
    ).select_from(table)
