"""The page of a decision: how it came about, who was heard, and what both sides say."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select

from app.access.visibility import visible
from app.changes.feed import CHANGE, Wanted, entries
from app.changes.models import Action
from app.consultation_events.models import ConsultationEvent, EventAgendaItem
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.database.tables import table_of
from app.decisions.resource import DECISIONS
from app.involvement.reading import involvement_in
from app.objections.models import ObjectionList, ObjectionPublic
from app.objections.resource import OBJECTIONS
from app.resources.reading import find_page
from app.site.frame import Content, Look
from app.site.names import Named, name_of, names_of, path_of
from app.site.words import WORDS
from app.statements.models import StatementList, StatementPublic
from app.statements.resource import STATEMENTS

MOST = 200
DAYS = (
    ("announced_on", "announced"),
    ("statements_due_on", "statements_due"),
    ("decides_on", "to_be_decided"),
    ("decided_on", "decided"),
)


class Moment(NamedTuple):
    """Something on the time line of a decision."""

    day: date
    label: str
    about: str
    link: Named | None = None


class Exchanged(NamedTuple):
    """What one side says, and what the other one answers to it."""

    by: Named | None
    about: str
    words: str
    answer: str
    reply: str
    link: Named


def story(look: Look, said: Mapping[str, Any]) -> Content:
    """What the page of a decision shows beside its fields."""
    id = UUID(said["id"])
    statements, objections = statements_to(look, id), objections_to(look, id)
    ids = {UUID(each["partner_id"]) for each in statements} | {UUID(each["raised_by_id"]) for each in objections}
    names = names_of(look, ids)
    moments = [
        *days_of(look, said),
        *events_of(look, id, said),
        *statements_on(look, statements, names),
        *objections_on(look, objections, names),
        *corrections_on(look, id),
    ]
    return {
        "moments": [(look.day(each.day), each) for each in sorted(moments, key=lambda each: (each.day, each.label))],
        "exchanged": [*answered(look, statements, names), *contested(look, objections, names)],
        "involvement": involvement_in(look.connection, look.caller, id),
    }


def days_of(look: Look, said: Mapping[str, Any]) -> Iterator[Moment]:
    """The days that the decision itself names."""
    for name, word in DAYS:
        if said[name] and not (name == "decides_on" and said["decided_on"]):
            about = look.written(said["result"] or "") if name == "decided_on" else ""
            yield Moment(date.fromisoformat(said[name]), look.say(WORDS[word]), about)


def events_of(look: Look, id: UUID, said: Mapping[str, Any]) -> Iterator[Moment]:
    """The events at which it is talked about: those that it names, and those on whose agenda it is."""
    event, item = table_of(ConsultationEvent), table_of(EventAgendaItem)
    on_agenda = select(item.c.consultation_event_id).where(item.c.decision_id == id)
    named = [UUID(each) for each in said["consultation_event_ids"]]
    wanted = select(event.c.id, event.c.title, event.c.starts_on, event.c.status).where(
        or_(event.c.id.in_(named), event.c.id.in_(on_agenda)), visible(event, look.caller)
    )
    for row in look.connection.execute(wanted).mappings():
        link = Named(name_of(look, CONSULTATION_EVENTS, row), path_of(CONSULTATION_EVENTS, row))
        yield Moment(row["starts_on"], look.say(WORDS["event_held"]), look.say(row["status"].label), link)


def statements_to(look: Look, id: UUID) -> list[dict[str, Any]]:
    """What was said to a decision."""
    found = find_page(look.connection, look.caller, STATEMENTS, StatementList(limit=MOST), (DECISIONS, id))
    return [json.loads(text) for text in found.texts]


def objections_to(look: Look, id: UUID) -> list[dict[str, Any]]:
    """Who objects to what is on record about a decision."""
    wanted = ObjectionList(limit=MOST, subject_id=[id])
    found = find_page(look.connection, look.caller, OBJECTIONS, wanted)
    return [json.loads(text) for text in found.texts]


def statements_on(look: Look, statements: list[dict[str, Any]], names: Mapping[UUID, Named]) -> Iterator[Moment]:
    """When statements were given."""
    for each in statements:
        statement = StatementPublic.model_validate(each)
        day = statement.received_on or day_of(look, each["submitted_at"])
        link = link_to(names, each["partner_id"], path_of(STATEMENTS, each))
        yield Moment(day, look.say(WORDS["statement_given"]), look.say(statement.position.label), link)


def objections_on(look: Look, objections: list[dict[str, Any]], names: Mapping[UUID, Named]) -> Iterator[Moment]:
    """When somebody objected."""
    for each in objections:
        state = ObjectionPublic.model_validate(each).state
        link = link_to(names, each["raised_by_id"], path_of(OBJECTIONS, each))
        yield Moment(day_of(look, each["created_at"]), look.say(WORDS["objection_raised"]), look.say(state.label), link)


def corrections_on(look: Look, id: UUID) -> Iterator[Moment]:
    """When the record of it was corrected."""
    wanted = entries(look.caller, Wanted(resource_id=id)).where(CHANGE.action == Action.corrected)
    rows = look.connection.execute(wanted.order_by(CHANGE.position).limit(MOST)).all()
    names = names_of(look, {row.proposal_id for row in rows if row.proposal_id})
    for row in rows:
        day = row.at.astimezone(look.settings.zone).date()
        yield Moment(day, look.say(WORDS["correction_confirmed"]), "", names.get(row.proposal_id))


def answered(look: Look, statements: list[dict[str, Any]], names: Mapping[UUID, Named]) -> Iterator[Exchanged]:
    """What partners said, and what the authority made of it."""
    for each in statements:
        statement = StatementPublic.model_validate(each)
        taken_up = look.say(statement.taken_up.label) if statement.taken_up else ""
        about, link = look.say(statement.position.label), link_to(names, each["partner_id"], path_of(STATEMENTS, each))
        by = names.get(UUID(each["partner_id"]))
        words, reply = look.written(statement.text or ""), look.written(statement.reason or "")
        yield Exchanged(by, about, words, taken_up, reply, link)


def contested(look: Look, objections: list[dict[str, Any]], names: Mapping[UUID, Named]) -> Iterator[Exchanged]:
    """What partners object to, and what the other side answers."""
    for each in objections:
        about = f"{look.say(WORDS['objection_raised'])}: {look.say(ObjectionPublic.model_validate(each).state.label)}"
        link = link_to(names, each["raised_by_id"], path_of(OBJECTIONS, each))
        words, reply = look.written(each["text"]), look.written(each["answer"] or "")
        yield Exchanged(names.get(UUID(each["raised_by_id"])), about, words, "", reply, link)


def link_to(names: Mapping[UUID, Named], partner_id: str, path: str) -> Named:
    """A link to what a partner said, named as the partner."""
    by = names.get(UUID(partner_id))
    return Named(by.name if by else "—", path)


def day_of(look: Look, moment: str) -> date:
    """The day of a time in the city."""
    return datetime.fromisoformat(moment).astimezone(look.settings.zone).date()
